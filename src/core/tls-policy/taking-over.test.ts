/** Whose TLS is enough for mail that another connector does not get rid of. */
import { expect, it, test } from "vitest";
import type { DropSendConnector, SendConnectorSettings } from "../policy/send-connector.ts";
import { graphConnector, smartHostConnector } from "../../testing/test-settings.ts";
import { mayTakeOver, strengthOf, stronger, tlsStrengths, type TlsStrength } from "./taking-over.ts";

const drop: DropSendConnector = {
  kind: "drop",
  name: "Drop",
  enabled: true,
  comment: "",
  addressSpaces: [],
  maxMessageSize: 1,
  dropDirectory: "/d",
};
const graph = graphConnector("https://g.test", {
  oauth: {} as Parameters<typeof graphConnector>[1]["oauth"],
});
const named = { requireTls: true, tlsAuthLevel: "DomainValidation", tlsDomain: "h.test" } as const;
const hop = (given: object = {}): SendConnectorSettings => smartHostConnector(25, given);
const mx = (given: object = {}): SendConnectorSettings =>
  smartHostConnector([], {
    kind: "dns",
    daneEnabled: true,
    mtaSts: "enforce",
    requireTlsPolicy: "enforce",
    ...given,
  });

it.each<[string, SendConnectorSettings, TlsStrength]>([
  ["a directory", drop, "clear"],
  ["Graph", graph, "named"],
  ["TLS where it is offered", hop(), "clear"],
  ["none", hop({ ignoreStartTls: true }), "clear"],
  ["requireTls", hop({ requireTls: true }), "encrypted"],
  ["a password that needs it", hop({ smartHostAuthMechanism: "BasicAuthRequireTLS" }), "encrypted"],
  ["port 465", hop({ implicitTls: true, ignoreStartTls: true }), "encrypted"],
  ["an issuer", hop({ requireTls: true, tlsAuthLevel: "CertificateValidation" }), "trusted"],
  ["a name", hop(named), "named"],
  ["MX", mx(), "clear"],
])("%s: %#", (_, connector, strength) => expect(strengthOf(connector)).toBe(strength));

it.each<[string, SendConnectorSettings, SendConnectorSettings, TlsStrength, boolean]>([
  ["nobody demands anything", mx(), hop(), "clear", true],
  ["DANE or MTA-STS, clear text", mx(), hop(), "named", false],
  ["DANE or MTA-STS, a directory", mx(), drop, "named", false],
  ["DANE or MTA-STS, any certificate", mx(), hop({ requireTls: true }), "named", false],
  [
    "DANE or MTA-STS, an issuer",
    mx(),
    hop({ requireTls: true, tlsAuthLevel: "CertificateValidation" }),
    "named",
    false,
  ],
  ["DANE or MTA-STS, a name", mx(), hop(named), "named", true],
  ["DANE or MTA-STS, Graph", mx(), graph, "named", true],
  ["records of no use, any certificate", mx(), hop({ requireTls: true }), "encrypted", true],
  ["records of no use, clear text", mx(), hop(), "encrypted", false],
  ["the same hosts by another connector", mx(), mx(), "named", true],
  ["without DANE", mx(), mx({ daneEnabled: false }), "named", false],
  ["without DANE, as before", mx({ daneEnabled: false }), mx({ daneEnabled: false }), "named", true],
  ["without MTA-STS", mx(), mx({ mtaSts: "testing" }), "named", false],
  ["without MTA-STS, as before", mx({ mtaSts: "none" }), mx({ mtaSts: "none" }), "named", true],
  ["without TLS", mx(), mx({ ignoreStartTls: true }), "named", false],
  ["settings that demand more", hop(named), hop({ requireTls: true }), "clear", false],
  ["settings that demand as much", hop(named), hop(named), "clear", true],
  [
    "smart hosts by DANE, any certificate",
    hop({ daneEnabled: true }),
    hop({ requireTls: true }),
    "clear",
    false,
  ],
  [
    "smart hosts by DANE, others by DANE",
    hop({ daneEnabled: true }),
    hop({ daneEnabled: true }),
    "clear",
    true,
  ],
  ["smart hosts by DANE, a name", hop({ daneEnabled: true }), hop(named), "clear", true],
  ["hosts of its own, and settings that demand more", mx(named), mx(), "named", false],
  ["it may", { ...mx(), fallback: { connector: "B", afterMs: 0, mayWeakenTls: true } }, hop(), "named", true],
])("%s: %#", (_, from, to, ofDomain, expected) =>
  expect(mayTakeOver(from, to, ofDomain, undefined)).toBe(expected),
);

it.each<[string, SendConnectorSettings, SendConnectorSettings, boolean]>([
  ["enforce, then any TLS", mx(), hop(), false],
  ["enforce, then enforce", mx(), hop({ requireTlsPolicy: "enforce" }), true],
  ["enforce, then Graph", mx(), graph, false],
  ["enforce, then a directory", mx(), drop, false],
  ["any TLS, then any TLS", hop(), hop(), true],
  ["any TLS, then passed on where it can be", hop(), hop({ requireTlsPolicy: "opportunistic" }), false],
  ["passed on where it can be, then a directory", hop({ requireTlsPolicy: "opportunistic" }), drop, true],
])("REQUIRETLS: %s", (_, from, to, expected) => {
  expect(mayTakeOver(from, to, "clear", "required")).toBe(expected);
  expect(mayTakeOver(from, to, "clear", undefined)).toBe(true);
});

test("TLS-Required: No does not mind policies, but settings", () => {
  expect(mayTakeOver(mx(), hop(), "named", "optional")).toBe(true);
  expect(mayTakeOver(hop(named), hop(), "clear", "optional")).toBe(false);
});

test("of two the stronger", () => {
  for (const [at, a] of tlsStrengths.entries())
    for (const [other, b] of tlsStrengths.entries())
      expect(stronger(a, b)).toBe(tlsStrengths[Math.max(at, other)]);
});
