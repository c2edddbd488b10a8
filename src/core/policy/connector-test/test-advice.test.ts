import { expect, test } from "vitest";
import { smartHostConnector } from "../../../testing/test-settings.ts";
import type { SmtpSendConnector } from "../send-connector.ts";
import { testAdvice, type AdviceFacts } from "./test-advice.ts";
import type { TestStepName } from "./test-step.ts";

const oauth = { grant: {}, tokenEndpoint: "https://login.test/x", scope: "", shown: {} } as never;
const microsoft: Partial<SmtpSendConnector> = { preset: "microsoft365", oauth };
const unsuccessful = "535 5.7.3 Authentication unsuccessful";

const table: readonly [
  TestStepName,
  string,
  RegExp,
  (Partial<AdviceFacts> & { of?: Partial<SmtpSendConnector> })?,
][] = [
  ["resolve", "cannot resolve mx.test: the name does not exist", /no such name.*mx\.test/],
  ["resolve", "no answer within 30 s", /name server did not answer/],
  ["connect", "connection refused", /587/, { port: 25 }],
  ["connect", "connection refused", /firewalls/],
  [
    "connect",
    "no local address is free",
    /sourceIpAddress 192\.0\.2\.9/,
    { of: { sourceIpAddress: "192.0.2.9" } },
  ],
  ["greeting", "no answer within 30 s", /-ImplicitTls true/, { port: 465 }],
  ["startTls", "mx.test offers no TLS, which send connector Out requires", /STARTTLS is not offered/],
  [
    "tls",
    "the certificate is not for mx.test (it is for …)",
    /-TlsDomain other\.test/,
    { certificateNames: ["DNS:*.x.test", "DNS:other.test"] },
  ],
  [
    "tls",
    "the certificate is not for mx.test (it has no names)",
    /names nobody, and mx\.test is asked for/,
    { certificateNames: [] },
  ],
  ["tls", "the certificate has expired", /expired.*clock/],
  ["tls", "self-signed certificate", /-TlsCaFile/],
  ["tls", "the peer does not speak TLS here", /-ImplicitTls false/, { of: { implicitTls: true } }],
  ["tls", "the peer demands a client certificate", /tlsCertificateFile/],
  ["token", "no token from x: connection refused", /https:\/\/login\.test is not reached/, { of: { oauth } }],
  ["auth", "the peer does not offer AUTH XOAUTH2", /587 or 465/],
  ["auth", "535 5.7.139 … SmtpClientAuthentication is disabled for the Tenant", /Set-TransportConfig/],
  ["auth", "535 5.7.139 … SmtpClientAuthentication is disabled for the Mailbox", /Set-CASMailbox/],
  ["auth", "535 5.7.139 locked by security defaults", /Security defaults/],
  ["auth", "550 5.7.30 Basic authentication is not supported", /give the connector oauth/],
  ["auth", "535 5.7.8 no", /User name or password/],
  ["auth", "535 5.7.8 no", /does not take the token: see its scope/, { of: { oauth } }],
  ["auth", "535 5.7.8 no", /domain-wide delegation/, { of: { preset: "google", oauth } }],
  [
    "auth",
    unsuccessful,
    /changed 30 minutes ago: wait 90 minutes more/,
    { of: microsoft, changedAgoMs: 30 * 60_000 },
  ],
  [
    "auth",
    unsuccessful,
    /up to two hours to count: if you made it lately/,
    { of: microsoft, changedAgoMs: 120 * 60_000 },
  ],
  ["auth", unsuccessful, /object id of the enterprise application/, { of: microsoft }],
  [
    "auth",
    unsuccessful,
    /token is for Microsoft Graph/,
    { of: microsoft, claims: { aud: "https://graph.microsoft.com" } },
  ],
  [
    "auth",
    unsuccessful,
    /roles \(Mail\.Send\) do not hold SMTP\.SendAsApp/,
    { of: microsoft, claims: { aud: "x", roles: "Mail.Send" } },
  ],
  ["auth", unsuccessful, /no roles: right for RBAC/, { of: microsoft, claims: { aud: "x" } }],
  ["mail", "550 5.7.60 SMTP; Client does not have permissions to send as this sender", /SendAs/],
  ["mail", "530 5.7.57 Client not authenticated to send mail", /smartHostAuthMechanism/],
  ["rcpt", "550 5.1.1 no such user", /-To names another/],
];

test.each(table)("%s: %s", (step, words, expected, { of, ...facts } = {}) => {
  const advice = testAdvice(
    { step, words },
    {
      connector: smartHostConnector(587, of),
      host: "mx.test",
      port: 587,
      certificateNames: [],
      claims: {},
      changedAgoMs: undefined,
      ...facts,
    },
  );
  expect(advice.join("\n")).toMatch(expected);
});

test("a connector's name is quoted where the shell needs it", () => {
  const connector = smartHostConnector(25, { name: "It's out" });
  const facts = {
    connector,
    host: "mx.test",
    port: 25,
    certificateNames: [],
    claims: {},
    changedAgoMs: undefined,
  };
  expect(testAdvice({ step: "connect", words: "x" }, facts).join()).toContain(
    `Set-SendConnector "It's out" -SmartHosts`,
  );
});

test("the token endpoint's words have advice in them already", () => {
  const facts = {
    connector: smartHostConnector(25),
    host: "",
    port: 0,
    certificateNames: [],
    claims: {},
    changedAgoMs: 1,
  };
  expect(
    testAdvice({ step: "token", words: "invalid_client: AADSTS7000215: … (paste its Value)" }, facts),
  ).toEqual([]);
});
