/** What keeps a message from a connection that is open: REQUIRETLS, and a certificate for another domain. */
import { describe, expect, test } from "vitest";
import type { HostTls } from "../../../../core/tls-policy/tls-demand.ts";
import { noCapabilities } from "../wire/ehlo-capabilities.ts";
import { domainRefusal } from "./domain-of-certificate.ts";
import { requireTlsRefusal } from "./require-tls.ts";

describe("a message that says REQUIRETLS", () => {
  const verified = { secured: true, isVerified: true };
  const unverified = { secured: true, isVerified: false };
  const clear = { secured: false, isVerified: false };
  test.each([
    ["enforce", verified, true, undefined],
    ["enforce", verified, false, "5.7.30"],
    ["enforce", unverified, true, "5.7.30"],
    ["enforce", clear, true, "4.7.30"],
    ["opportunisticStartTls", verified, false, undefined],
    ["opportunisticStartTls", unverified, false, undefined],
    ["opportunisticStartTls", clear, false, "4.7.30"],
    ["opportunistic", clear, false, undefined],
  ] as const)("by %s, over %j, REQUIRETLS offered: %s", (requireTlsPolicy, opened, requireTls, status) => {
    const capabilities = { ...noCapabilities, requireTls };
    expect(requireTlsRefusal("required", { requireTlsPolicy }, capabilities, opened)?.status).toBe(status);
    for (const other of [undefined, "optional"] as const)
      expect(requireTlsRefusal(other, { requireTlsPolicy }, capabilities, opened)).toBeUndefined();
  });
});

describe("a certificate for domains instead of the host", () => {
  const demanding = (names: readonly string[]): ReadonlyMap<string, HostTls> =>
    new Map([["mx.test", { kind: "demand", certificate: { tlsa: { names } } } as unknown as HostTls]]);
  const barred = new Map([["mx.test", { kind: "barred" } as HostTls]]);
  const only = { onlyFor: ["a.test", "b.test"] };
  test.each<[string, ReadonlyMap<string, HostTls> | undefined, { onlyFor: string[] | undefined }, boolean]>([
    ["takes mail of one of them", demanding(["x.test", "b.test"]), only, true],
    ["takes mail of no other", demanding(["x.test"]), only, false],
    ["nor where nothing says so", undefined, only, false],
    ["nor where the host is not to be used", barred, only, false],
    ["is asked for nothing where it is for the host", demanding(["x.test"]), { onlyFor: undefined }, true],
  ])("%s", (_, demands, opened, isTaken) => {
    const refusal = domainRefusal({ demands }, "mx.test", opened);
    expect(refusal?.text).toBe(
      isTaken ? undefined : "451 4.7.5 the certificate that mx.test presents is for a.test, b.test",
    );
    if (!isTaken) expect(refusal?.status).toBe("4.7.5");
  });
});
