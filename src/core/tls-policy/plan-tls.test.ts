/** Hosts with their TLS: who is left out, what mail is told when nobody is left, and what may share connections. */
import { expect, test } from "vitest";
import { smartHostConnector } from "../../testing/test-settings.ts";
import type { HostPlan } from "../mx/host-plan.ts";
import { planTls, type TlsPlan } from "./plan-tls.ts";
import type { DaneFact, DestinationFacts, MessageTls } from "./tls-facts.ts";

const settings = smartHostConnector([], { kind: "dns", requireTlsPolicy: "enforce" });
const hosts: HostPlan = {
  kind: "hosts",
  by: "mx",
  skipped: [],
  site: "a.test|b.test>c.test",
  groups: [
    [
      { name: "a.test", preference: 10, addresses: ["192.0.2.1"] },
      { name: "b.test", preference: 10, addresses: ["192.0.2.2"] },
    ],
    [{ name: "c.test", preference: 20, addresses: ["192.0.2.3"] }],
  ],
};
const none: DaneFact = { kind: "none" };
const unknown: DaneFact = { kind: "unknown", detail: "SERVFAIL" };
const found: DaneFact = {
  kind: "found",
  baseDomain: "a.test",
  records: [{ usage: 3, selector: 1, matchingType: 1, data: new Uint8Array(32) }],
};
const plan = (
  dane: Readonly<Record<string, DaneFact>>,
  given: Partial<DestinationFacts> = {},
  message?: MessageTls,
): TlsPlan =>
  planTls(
    settings,
    "d.test",
    hosts,
    { isSecure: true, names: ["d.test"], sts: { kind: "none" }, ...given },
    (host) => dane[host] ?? none,
    message,
  );
const names = ({ result }: TlsPlan): string =>
  result.kind === "hosts"
    ? result.groups.map((group) => group.map(({ name }) => name).join("|")).join(">")
    : `${result.kind} ${result.text}`;

test("a host whose records nobody knows is left out; the others are as they were (D9)", () => {
  const some = plan({ "a.test": unknown });
  expect(names(some)).toBe("b.test>c.test");
  expect(some.barred).toMatchObject([{ host: "a.test", tls: { status: "4.7.5" } }]);
  expect(names(plan({ "c.test": unknown }))).toBe("a.test|b.test");
  expect(names(plan({ "a.test": unknown, "b.test": unknown }))).toBe("c.test");
});

test("nobody is left: mail waits, or is returned where that would not help", () => {
  expect(names(plan({ "a.test": unknown, "b.test": unknown, "c.test": unknown }))).toMatch(
    /^later 451 4\.7\.5 no mail host of d\.test can be used: the TLSA records of a\.test cannot/,
  );
  const sts = { kind: "policy", mode: "enforce", mx: ["x.test"] } as const;
  expect(names(plan({}, { sts }))).toMatch(
    /^later 451 4\.7\.5 .* does not name a\.test; .* does not name b\.test/,
  );
  expect(names(plan({}, { isSecure: false }, "required"))).toMatch(
    /^refused 550 5\.7\.30 REQUIRETLS support required/,
  );
  const unsure = { kind: "unknown", detail: "404" } as const;
  expect(names(plan({}, { isSecure: false, sts: unsure }, "required"))).toMatch(/^later 451 4\.7\.30 /);
});

test("the site is the same whoever is left out, the key only where the demands are the same", () => {
  const plans = [plan({}), plan({ "a.test": unknown }), plan({ "a.test": found })].map(
    ({ result }) => result,
  );
  const sites = plans.map((result) => (result.kind === "hosts" ? result.site : ""));
  expect(new Set(sites)).toEqual(new Set(["a.test|b.test>c.test"]));
  const keys = plans.map((result) => (result.kind === "hosts" ? result.key : ""));
  expect(new Set(keys).size).toBe(3);
  const again = plan({ "a.test": found }, { names: ["e.test"] }).result;
  expect(again.kind === "hosts" && again.key).toBe(keys[2]);
});
