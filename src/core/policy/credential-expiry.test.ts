import { expect, test } from "vitest";
import { graphConnector, smartHostConnector } from "../../testing/test-settings.ts";
import { credentialEnds, daysUntil } from "./credential-expiry.ts";
import type { OAuthSettings } from "./oauth-settings.ts";
import type { SmtpSendConnector } from "./send-connector.ts";

const oauth = (
  credential: "secret" | "certificate" | "serviceAccount",
  expiresAt?: number,
): OAuthSettings => ({
  grant:
    credential === "serviceAccount"
      ? { kind: "serviceAccount", clientEmail: "", privateKeyId: "", privateKey: "" }
      : {
          kind: "clientCredentials",
          clientId: "",
          credential:
            credential === "secret"
              ? { kind: "secret", clientSecret: "", expiresAt }
              : { kind: "certificate", certificate: "", privateKey: "", expiresAt: expiresAt ?? 0 },
        },
  tokenEndpoint: "",
  scope: "",
  shown: {},
});
const tlsClient = { expiresAt: 7 } as unknown as SmtpSendConnector["tlsClient"];
const smtp = (given: Partial<SmtpSendConnector>) => smartHostConnector(25, given);

test.each([
  ["a secret", smtp({ oauth: oauth("secret", 5) }), ["client secret 5"]],
  ["a secret of whose end nobody knows", smtp({ oauth: oauth("secret") }), []],
  ["a certificate", smtp({ oauth: oauth("certificate", 6) }), ["application's certificate 6"]],
  ["a service account", smtp({ oauth: oauth("serviceAccount") }), []],
  ["TLS", smtp({ tlsClient }), ["TLS client certificate 7"]],
  ["both", smtp({ oauth: oauth("secret", 5), tlsClient }), ["client secret 5", "TLS client certificate 7"]],
  ["nothing", smtp({}), []],
  [
    "Graph",
    graphConnector("https://g.test", { name: "Out", oauth: oauth("secret", 8) }),
    ["client secret 8"],
  ],
  ["disabled", smtp({ oauth: oauth("secret", 5), enabled: false }), []],
])("what ends of a connector: %s", (_, connector, ends) => {
  expect(credentialEnds([connector]).map((one) => `${one.credential} ${one.expiresAt}`)).toEqual(ends);
  expect(credentialEnds([connector]).every((one) => one.connector === "Out")).toBe(true);
});

test.each([
  [86_400_000, 1],
  [86_399_999, 0],
  [2 * 86_400_000 + 1, 2],
  [-86_400_001, 0],
])("%i ms are %i days", (ms, days) => {
  expect(daysUntil(1_000 + ms, 1_000)).toBe(days);
});
