/** The decision table of outgoing TLS, and what must hold for every row of it. */
import { describe, expect, it, test } from "vitest";
import { smartHostConnector } from "../../testing/test-settings.ts";
import { decideHostTls, needsRequireTlsOffer } from "./decide-host-tls.ts";
import { demandKey, isByDomain, type HostTls, type TlsDemand } from "./tls-demand.ts";
import type { DaneFact, DestinationFacts, MessageTls, StsFact, TlsaFact, TlsSettings } from "./tls-facts.ts";

const host = "mx.d.test";
const tlsa = (usage: number, selector = 1, matchingType = 1, bytes = 32): TlsaFact => ({
  usage,
  selector,
  matchingType,
  data: new Uint8Array(bytes).fill(7),
});
const found = (...records: TlsaFact[]): DaneFact => ({ kind: "found", baseDomain: host, records });
const unasked: DaneFact = { kind: "unasked", reason: "the MX records are not signed" };
const none: DaneFact = { kind: "none" };
const unknown: DaneFact = { kind: "unknown", detail: "the server answered SERVFAIL" };
const sts = (mode: "enforce" | "testing", ...mx: string[]): StsFact => ({ kind: "policy", mode, mx });
const noSts: StsFact = { kind: "none" };
const by = (given: Partial<TlsSettings> = {}): TlsSettings =>
  smartHostConnector([], { kind: "dns", requireTlsPolicy: "enforce", ...given });
const to = (policy: StsFact, isSecure = true): DestinationFacts => ({
  isSecure,
  names: ["d.test", "alias.test"],
  sts: policy,
});

/** `dane required tlsa`, `sts required trusted mx.d.test`, `barred later 4.7.5`. */
function told(tls: HostTls): string {
  if (tls.kind === "barred") return `barred ${tls.isPermanent ? "for good" : "later"} ${tls.status}`;
  const { level, isRequired, certificate } = tls;
  return [
    level,
    isRequired ? "required" : "",
    certificate.isTrusted ? "trusted" : "",
    certificate.tlsa === undefined ? "" : "tlsa",
    ...certificate.names,
  ]
    .filter((word) => word !== "")
    .join(" ");
}

describe("the table", () => {
  it.each<[string, DaneFact, StsFact, string]>([
    ["usable records", found(tlsa(3)), noSts, "dane required tlsa"],
    ["usable records go before MTA-STS", found(tlsa(2)), sts("enforce", host), "dane required tlsa"],
    [
      "and before its list of hosts (D19)",
      found(tlsa(3)),
      sts("enforce", "other.test"),
      "dane required tlsa",
    ],
    ["testing makes them no weaker (D18)", found(tlsa(3)), sts("testing", host), "dane required tlsa"],
    ["none usable (D7)", found(tlsa(0), tlsa(1)), noSts, "required required"],
    ["none usable, MTA-STS", found(tlsa(1)), sts("enforce", host), "sts required trusted mx.d.test"],
    ["some usable (D8)", found(tlsa(3, 1, 9), tlsa(3)), noSts, "dane required tlsa"],
    ["denied (D10)", none, noSts, "opportunistic"],
    ["denied, MTA-STS", none, sts("enforce", "*.d.test"), "sts required trusted mx.d.test"],
    ["not known (D9)", unknown, noSts, "barred later 4.7.5"],
    ["not known, MTA-STS", unknown, sts("enforce", host), "barred later 4.7.5"],
    ["not asked for", unasked, noSts, "opportunistic"],
    ["not asked for, MTA-STS (S1)", unasked, sts("enforce", host), "sts required trusted mx.d.test"],
    [
      "a host that the policy does not name (S3)",
      unasked,
      sts("enforce", "other.test"),
      "barred later 4.7.5",
    ],
    ["a pattern is for one label (S9)", unasked, sts("enforce", "*.test"), "barred later 4.7.5"],
    ["testing (S5)", unasked, sts("testing", "other.test"), "opportunistic"],
    ["a policy that cannot be had", unasked, { kind: "unknown", detail: "404" }, "opportunistic"],
  ])("%s", (_, dane, policy, outcome) => {
    expect(told(decideHostTls(by(), to(policy), { name: host, dane }, undefined))).toBe(outcome);
  });

  it.each<[string, Partial<TlsSettings>, DaneFact, StsFact, string]>([
    ["requireTls", { requireTls: true }, unasked, noSts, "required required"],
    ["requireTls beside DANE", { requireTls: true }, found(tlsa(3)), noSts, "dane required tlsa"],
    [
      "a level beside DANE: both",
      { requireTls: true, tlsAuthLevel: "DomainValidation", tlsDomain: "x.test" },
      found(tlsa(3)),
      noSts,
      "dane required trusted tlsa x.test",
    ],
    [
      "CertificateValidation",
      { requireTls: true, tlsAuthLevel: "CertificateValidation" },
      none,
      noSts,
      "required required trusted",
    ],
    ["ignoreStartTls", { ignoreStartTls: true }, found(tlsa(3)), sts("enforce", host), "clear"],
    ["implicitTls", { implicitTls: true, ignoreStartTls: true }, none, noSts, "required required"],
  ])("settings: %s", (_, settings, dane, policy, outcome) => {
    expect(told(decideHostTls(by(settings), to(policy), { name: host, dane }, undefined))).toBe(outcome);
  });

  it.each<[string, Partial<TlsSettings>, boolean, DaneFact, StsFact, string]>([
    ["DANE", {}, true, found(tlsa(3)), noSts, "dane required tlsa"],
    ["MTA-STS", {}, false, unasked, sts("enforce", host), "sts required trusted mx.d.test"],
    ["signed MX records alone", {}, true, none, noSts, "required required trusted mx.d.test"],
    ["nothing", {}, false, unasked, noSts, "barred for good 5.7.30"],
    ["testing is nothing", {}, false, unasked, sts("testing", host), "barred for good 5.7.30"],
    ["nobody knows", {}, false, unasked, { kind: "unknown", detail: "404" }, "barred later 4.7.30"],
    ["unusable records are nothing", {}, true, found(tlsa(1)), noSts, "required required trusted mx.d.test"],
    ["clear text", { ignoreStartTls: true }, true, none, noSts, "barred for good 5.7.30"],
    [
      "opportunisticStartTls",
      { requireTlsPolicy: "opportunisticStartTls" },
      false,
      unasked,
      noSts,
      "required required",
    ],
    [
      "opportunisticStartTls, clear text",
      { requireTlsPolicy: "opportunisticStartTls", ignoreStartTls: true },
      false,
      unasked,
      noSts,
      "barred for good 5.7.30",
    ],
    ["opportunistic", { requireTlsPolicy: "opportunistic" }, false, unasked, noSts, "opportunistic"],
    [
      "the connector's own name",
      { requireTls: true, tlsAuthLevel: "DomainValidation", tlsDomain: "x.test" },
      true,
      none,
      noSts,
      "required required trusted x.test",
    ],
  ])("REQUIRETLS: %s", (_, settings, isSecure, dane, policy, outcome) => {
    const tls = decideHostTls(by(settings), to(policy, isSecure), { name: host, dane }, "required");
    expect(told(tls)).toBe(outcome);
  });

  it.each<[string, Partial<TlsSettings>, DaneFact, StsFact, string]>([
    ["DANE", {}, found(tlsa(3)), noSts, "opportunistic"],
    ["TLSA records that nobody knows", {}, unknown, noSts, "opportunistic"],
    ["MTA-STS", {}, none, sts("enforce", "other.test"), "opportunistic"],
    ["not of the administrator's word", { requireTls: true }, found(tlsa(3)), noSts, "required required"],
  ])("TLS-Required: No sets free of %s", (_, settings, dane, policy, outcome) => {
    expect(told(decideHostTls(by(settings), to(policy), { name: host, dane }, "optional"))).toBe(outcome);
  });
});

test("with DANE the server is called by the base domain, and may carry the names of the domain as well", () => {
  const dane: DaneFact = { kind: "found", baseDomain: "base.test", records: [tlsa(2)] };
  const demand = decideHostTls(by(), to(noSts), { name: host, dane }, undefined) as TlsDemand;
  expect(demand.serverName).toBe("base.test");
  expect(demand.certificate.tlsa?.names).toEqual(["base.test", host, "d.test", "alias.test"]);
});

test("what reports tell: each policy by itself, what is not enforced too", () => {
  const watched = (dane: DaneFact, policy: StsFact, message?: MessageTls): string[] => {
    const tls = decideHostTls(by(), to(policy), { name: host, dane }, message);
    const all: readonly { readonly policy: string; readonly fault: string | undefined }[] =
      tls.kind === "demand" ? tls.watched : tls.outcomes;
    return all.map((one) => `${one.policy} ${one.fault ?? ""}`.trim());
  };
  expect(watched(unasked, noSts)).toEqual(["no-policy-found"]);
  expect(watched(found(tlsa(3)), sts("enforce", "other.test"))).toEqual(["tlsa", "sts validation-failure"]);
  expect(watched(found(tlsa(1)), noSts)).toEqual(["tlsa tlsa-invalid"]);
  expect(watched(none, sts("testing", host))).toEqual(["sts"]);
  expect(watched(none, sts("testing", "other.test"))).toEqual(["sts validation-failure"]);
  expect(watched(none, sts("enforce", "other.test"))).toEqual(["sts validation-failure"]);
  expect(watched(unknown, noSts)).toEqual(["tlsa dnssec-invalid"]);
  expect(watched(unasked, noSts, "required")).toEqual(["no-policy-found"]);
  expect(watched(found(tlsa(3)), noSts, "optional")).toEqual([]);
});

test("one connection serves what demands the same of it, and nothing else", () => {
  const demand = (dane: DaneFact, policy: StsFact, names = ["d.test"]): TlsDemand =>
    decideHostTls(by(), { isSecure: true, names, sts: policy }, { name: host, dane }, undefined) as TlsDemand;
  const key = (...given: Parameters<typeof demand>): string => demandKey(demand(...given));
  expect(key(found(tlsa(3), tlsa(3, 0)), noSts)).toBe(
    key(found(tlsa(3, 0), tlsa(3)), sts("testing", host), ["e.test"]),
  );
  // If the certificate is for the host; it may be for the domain alone.
  expect(key(found(tlsa(2)), noSts)).toBe(key(found(tlsa(2)), noSts, ["e.test"]));
  expect(isByDomain(demand(found(tlsa(2)), noSts))).toBe(true);
  expect(isByDomain(demand(found(tlsa(2)), noSts, [host]))).toBe(false);
  expect(isByDomain(demand(found(tlsa(3)), noSts))).toBe(false);
  expect(key(none, noSts)).toBe(key(unasked, sts("testing", "x.test")));
  const all = [
    key(found(tlsa(3)), noSts),
    key(found(tlsa(3, 0)), noSts),
    key(found(tlsa(1)), noSts),
    key(none, noSts),
    key(none, sts("enforce", host)),
  ];
  expect(new Set(all).size).toBe(all.length);
});

/** STARTTLS stripped, answers forged, certificates out of date: none of it leads to clear text where somebody forbids it. */
test("over all combinations: what is forbidden in clear text is demanded within TLS, or barred", () => {
  const danes = [
    unasked,
    none,
    unknown,
    found(tlsa(3)),
    found(tlsa(2)),
    found(tlsa(1)),
    found(tlsa(3, 1, 9), tlsa(2, 0)),
  ];
  const policies: StsFact[] = [
    noSts,
    { kind: "unknown", detail: "" },
    ...(["enforce", "testing"] as const).flatMap((mode) => [sts(mode, host), sts(mode, "other.test")]),
  ];
  const settings = [false, true].flatMap((requireTls) =>
    [false, true].flatMap((ignoreStartTls) =>
      (["EncryptionOnly", "CertificateValidation", "DomainValidation"] as const).flatMap((tlsAuthLevel) =>
        (["enforce", "opportunisticStartTls", "opportunistic"] as const).map((requireTlsPolicy) =>
          by({ requireTls, ignoreStartTls, tlsAuthLevel, requireTlsPolicy, tlsDomain: "x.test" }),
        ),
      ),
    ),
  );
  let combinations = 0;
  for (const setting of settings)
    for (const policy of policies)
      for (const dane of danes)
        for (const isSecure of [false, true])
          for (const message of [undefined, "required", "optional"] as const) {
            combinations++;
            const tls = decideHostTls(setting, to(policy, isSecure), { name: host, dane }, message);
            if (tls.kind === "barred") {
              expect(message).not.toBe("optional");
              expect(tls.isPermanent).toBe(tls.status === "5.7.30");
              expect(tls.isPermanent).toBe(tls.isPermanent && message === "required");
              continue;
            }
            const { certificate, isRequired, level } = tls;
            const isClear = setting.ignoreStartTls;
            const isEnforced = policy.kind === "policy" && policy.mode === "enforce";
            const usable = dane.kind === "found" && dane.records.some(({ usage }) => usage > 1);
            if (message !== "optional" && !isClear) {
              if (dane.kind === "found" || isEnforced) expect(isRequired).toBe(true);
              expect(dane.kind).not.toBe("unknown");
              expect(certificate.tlsa !== undefined).toBe(usable);
              if (isEnforced && !usable) expect(certificate).toMatchObject({ isTrusted: true });
              if (isEnforced && !usable) expect(certificate.names).toContain(host);
            }
            if (setting.requireTls && !isClear) expect(isRequired).toBe(true);
            if (setting.tlsAuthLevel !== "EncryptionOnly" && !isClear)
              expect(certificate.isTrusted).toBe(true);
            if (setting.tlsAuthLevel === "DomainValidation" && !isClear)
              expect(certificate.names).toContain("x.test");
            if (message === "required" && setting.requireTlsPolicy !== "opportunistic")
              expect(isRequired).toBe(true);
            if (message === "required" && setting.requireTlsPolicy === "enforce")
              expect(certificate.tlsa !== undefined || certificate.isTrusted).toBe(true);
            if (isRequired) expect(["opportunistic", "clear"]).not.toContain(level);
            else expect(["opportunistic", "clear"]).toContain(level);
          }
  expect(combinations).toBe(36 * 6 * 7 * 2 * 3);
});

test("the peer must offer REQUIRETLS only where that is enforced", () => {
  const policies = ["enforce", "opportunisticStartTls", "opportunistic"] as const;
  const needing = policies.flatMap((requireTlsPolicy) =>
    ([undefined, "required", "optional"] as const)
      .filter((message) => needsRequireTlsOffer({ requireTlsPolicy }, message))
      .map((message) => `${requireTlsPolicy} ${message}`),
  );
  expect(needing).toEqual(["enforce required"]);
});
