import { expect, test } from "vitest";
import { explainHosts } from "./explain-hosts.ts";
import type { HostPlan } from "./host-plan.ts";

const kept = { keepMs: 300_000, isAuthenticated: false };
const plan = (...groups: string[][]): HostPlan => ({
  kind: "hosts",
  by: "mx",
  skipped: [],
  site: "",
  groups: groups.map((names, preference) =>
    names.map((name) => ({ name, preference, addresses: ["192.0.2.1"] })),
  ),
});

test("records, aliases, addresses, what is left out, and the order", () => {
  const records = [
    { preference: 10, exchange: "a.test" },
    { preference: 10, exchange: "b.test" },
    { preference: 20, exchange: "" },
  ];
  const steps = explainHosts(
    "contoso.test",
    { kind: "found", canonicalName: "other.test", records, ...kept, isAuthenticated: true },
    new Map([
      [
        "a.test",
        {
          ipv4: { kind: "found", canonicalName: "a.test", records: ["192.0.2.1", "192.0.2.2"], ...kept },
          ipv6: { kind: "nodata", canonicalName: "a.test", ...kept },
        },
      ],
      [
        "b.test",
        {
          ipv4: { kind: "found", canonicalName: "c.test", records: ["192.0.2.3"], ...kept },
          ipv6: { kind: "servfail", detail: "the server answered SERVFAIL", ...kept },
        },
      ],
    ]),
    { ...plan(["a.test", "b.test"], ["c.test"]), skipped: [{ host: ".", reason: "alone" }] },
  );
  expect(steps.map(({ step, finding }) => `${step}: ${finding}`)).toEqual([
    "MX records: 10 a.test, 10 b.test, 20 ., by the alias other.test (kept for 300 s, signed)",
    "Addresses of a.test: IPv4: 192.0.2.1, 192.0.2.2 (kept for 300 s); IPv6: none",
    "Addresses of b.test: IPv4: 192.0.2.3, by the alias c.test (kept for 300 s); IPv6: the server answered SERVFAIL",
    "Left out: .: alone",
    "Order: one of a.test, b.test at random, then the others; then c.test",
  ]);
});

test.each([
  [
    { kind: "nodata", canonicalName: "d.test", ...kept },
    "none: the domain itself is its mail host (RFC 5321 §5.1) (kept for 300 s)",
  ],
  [{ kind: "nxdomain", canonicalName: "d.test", ...kept }, "DNS has no such domain (kept for 300 s)"],
  [{ kind: "timeout", detail: "no server answered", ...kept }, "no server answered"],
] as const)("%j", (mx, finding) => {
  expect(explainHosts("d.test", mx, new Map(), plan(["d.test"]))[0]).toEqual({ step: "MX records", finding });
});

test("an address, and what comes of a denial", () => {
  const refused = { kind: "refused", status: "5.4.4", text: "550 5.4.4 none" } as const;
  expect(explainHosts("[192.0.2.1]", undefined, new Map(), refused).map(({ finding }) => finding)).toEqual([
    "[192.0.2.1] is an address: mail goes there, and DNS is not asked",
    "mail is returned at once: 550 5.4.4 none",
  ]);
});
