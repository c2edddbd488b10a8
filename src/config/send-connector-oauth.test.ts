/** Credentials out, as a file gives them: presets, tokens, certificates, and every fault with its path. */
import { createPrivateKey } from "node:crypto";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import type { SmtpSendConnector } from "../core/policy/send-connector.ts";
import { withDamagedNumber } from "../testing/damaged-key.ts";
import { testCertificate } from "../testing/test-certificate.ts";
import { describeChanges } from "./changes.ts";
import { formatFault } from "./fault.ts";
import { type ConfigResult, parseConfig } from "./parse-config.ts";
import { plainSendConnector, plainSettings } from "./plain-settings.ts";

const files = new Map<string, string>();
beforeAll(async () => {
  const [rsa, ecdsa] = [await testCertificate("weir", "RSA"), await testCertificate("weir", "ECDSA")];
  const all = {
    "m365.secret": "s3cret-Value\nrest",
    "empty.secret": "\n",
    "app.pem": rsa.cert,
    "app.key": rsa.key,
    "ec.pem": ecdsa.cert,
    "ec.key": ecdsa.key,
    "damaged.key": withDamagedNumber(createPrivateKey(ecdsa.key), "secret"),
    "ca.pem": rsa.cert + ecdsa.cert,
    "text.txt": "no PEM",
    "google.json": JSON.stringify({
      type: "service_account",
      client_email: "relay@project.iam.gserviceaccount.com",
      private_key_id: "kid1",
      private_key: rsa.key,
      token_uri: "https://oauth2.googleapis.com/token",
    }),
  };
  for (const [name, text] of Object.entries(all)) files.set(resolve("/etc/weir", name), text);
});

const readText = (file: string): string => {
  const text = files.get(file);
  if (text === undefined) throw new Error(`no such file ${file}`);
  return text;
};

const withConnector = (lines: string): ConfigResult =>
  parseConfig(
    `receiveConnectors:
  - {name: AppRelay, bindings: ["127.0.0.1:2525"], remoteIpRanges: ["127.0.0.0/8"]}
sendConnectors:
  - name: Microsoft 365
    addressSpaces: ["*"]
${lines.replace(/^(?=.)/gm, "    ")}
`,
    { file: "/etc/weir/weir.yaml", hostname: "relay.test", env: { M365: "from env" }, readText },
  );

function connectorOf(result: ConfigResult): SmtpSendConnector {
  if (!result.ok) throw new Error(result.faults.map((fault) => formatFault(fault, "f")).join("\n"));
  const [connector] = result.settings.sendConnectors;
  if (connector?.kind !== "smartHost") throw new Error("not SMTP");
  return connector;
}

const faultsOf = (result: ConfigResult): string[] =>
  result.ok
    ? []
    : result.faults.map(({ path, message }) => `${path.replace("sendConnectors[0]", "")}: ${message}`);

const issue = `preset: microsoft365
oauth:
  tenant: contoso.onmicrosoft.com
  clientId: 11111111-2222-3333-4444-555555555555
  clientSecretFile: m365.secret
  clientSecretExpires: 2027-05-01
  authority: http://127.0.0.1:9000
senderMailboxes: { "NoReply@contoso.com": "relay@contoso.com" }
smartHosts: ["[127.0.0.1]:2587"]
tlsAuthLevel: EncryptionOnly`;

describe("the connector of the manual", () => {
  it("is read, filled up from its preset, its own settings first", () => {
    const result = withConnector(issue);
    expect(connectorOf(result)).toMatchObject({
      preset: "microsoft365",
      smartHosts: [{ host: "127.0.0.1", port: 2587 }],
      requireTls: true,
      tlsAuthLevel: "EncryptionOnly",
      smartHostAuthMechanism: "XOAUTH2",
      maxConcurrentConnections: 3,
      maxRecipientsPerTransaction: 500,
      senderMailboxes: { "noreply@contoso.com": "relay@contoso.com" },
      oauth: {
        grant: {
          kind: "clientCredentials",
          clientId: "11111111-2222-3333-4444-555555555555",
          credential: { kind: "secret", clientSecret: "s3cret-Value", expiresAt: Date.UTC(2027, 4, 1) },
        },
        tokenEndpoint: "http://127.0.0.1:9000/contoso.onmicrosoft.com/oauth2/v2.0/token",
        scope: "https://outlook.office365.com/.default",
      },
    });
    const origin = (name: string) => result.ok && result.origins.get(`sendConnectors[0].${name}`);
    expect(["requireTls", "port", "tlsAuthLevel", "smartHosts", "maxMessageSize"].map(origin)).toEqual([
      "preset",
      "preset",
      "set",
      "set",
      "default",
    ]);
  });

  it("goes to the cloud's own hosts where nothing else is given", () => {
    const lines = (cloud: string) =>
      `preset: microsoft365\noauth: {tenant: t, clientId: c, clientSecretEnv: M365, cloud: ${cloud}}`;
    expect(connectorOf(withConnector(lines("usGovHigh")))).toMatchObject({
      smartHosts: [{ host: "smtp.office365.us", port: 587 }],
      tlsAuthLevel: "DomainValidation",
      tlsDomain: "smtp.office365.us",
      oauth: {
        tokenEndpoint: "https://login.microsoftonline.us/t/oauth2/v2.0/token",
        scope: "https://outlook.office365.us/.default",
      },
    });
    expect(connectorOf(withConnector(lines("china"))).smartHosts[0]?.host).toBe("smtp.partner.outlook.cn");
  });

  it("shows nothing secret, neither as settings nor as changes", () => {
    const before = withConnector(issue);
    const after = withConnector(issue.replace("clientSecretFile: m365.secret", "clientSecretEnv: M365"));
    const certificate = withConnector(
      issue
        .replace("clientSecretFile: m365.secret", "certificateFile: app.pem\n  keyFile: app.key")
        .replace(/ {2}clientSecretExpires.*\n/, "") + "\ntlsCertificateFile: app.pem\ntlsKeyFile: app.key",
    );
    if (!before.ok || !after.ok || !certificate.ok) throw new Error("faults");
    const shown = [
      JSON.stringify(plainSendConnector(connectorOf(before))),
      JSON.stringify(plainSettings(certificate.settings)),
      describeChanges(before.settings, after.settings),
      describeChanges(after.settings, certificate.settings),
      describeChanges(certificate.settings, before.settings),
    ].join("\n");
    expect(shown).not.toMatch(/s3cret|from env|PRIVATE KEY|BEGIN/);
    const password = withConnector(
      "smartHosts: [a.example]\nsmartHostAuthMechanism: BasicAuthRequireTLS\nauthenticationCredential: {userName: u, passwordEnv: M365}",
    );
    if (!password.ok) throw new Error("faults");
    expect(describeChanges(before.settings, password.settings)).not.toContain("from env");
    expect(shown).toContain("m365.secret");
    expect(describeChanges(before.settings, after.settings)).toContain("clientSecret changed");
  });
});

describe("other presets", () => {
  it("google takes a service account, or an account and its password", () => {
    const account = connectorOf(withConnector("preset: google\noauth: {serviceAccountFile: google.json}"));
    expect(account).toMatchObject({
      smartHosts: [{ host: "smtp.gmail.com", port: 587 }],
      smartHostAuthMechanism: "XOAUTH2",
      oauth: {
        grant: { kind: "serviceAccount", clientEmail: "relay@project.iam.gserviceaccount.com" },
        tokenEndpoint: "https://oauth2.googleapis.com/token",
        scope: "https://mail.google.com/",
      },
    });
    const password = "preset: google\nauthenticationCredential: {userName: a, passwordEnv: M365}";
    expect(connectorOf(withConnector(password)).smartHostAuthMechanism).toBe("BasicAuthRequireTLS");
  });

  test.each([
    ["googleRelay", "", "smtp-relay.gmail.com", "None"],
    [
      "sendgrid",
      "authenticationCredential: {userName: apikey, passwordEnv: M365}",
      "smtp.sendgrid.net",
      "BasicAuthRequireTLS",
    ],
    [
      "mailgun",
      "authenticationCredential: {userName: a, passwordEnv: M365}",
      "smtp.mailgun.org",
      "BasicAuthRequireTLS",
    ],
    [
      "acs",
      "authenticationCredential: {userName: a, passwordEnv: M365}",
      "smtp.azurecomm.net",
      "BasicAuthRequireTLS",
    ],
    [
      "ses",
      "smartHosts: [email-smtp.eu-central-1.amazonaws.com]\nauthenticationCredential: {userName: a, passwordEnv: M365}",
      "email-smtp.eu-central-1.amazonaws.com",
      "BasicAuthRequireTLS",
    ],
  ])("%s", (preset, lines, host, mechanism) => {
    expect(connectorOf(withConnector(`preset: ${preset}\n${lines}`))).toMatchObject({
      smartHosts: [{ host, port: 587 }],
      requireTls: true,
      smartHostAuthMechanism: mechanism,
    });
  });
});

it("takes implicit TLS, certificates of its own, and a source address", () => {
  const lines =
    "smartHosts: [mail.example:465]\ntlsCertificateFile: ec.pem\ntlsKeyFile: ec.key\ntlsCaFile: ca.pem\nsourceIPAddress: 192.0.2.7";
  const connector = connectorOf(withConnector(lines));
  expect(connector).toMatchObject({ implicitTls: true, sourceIpAddress: "192.0.2.7" });
  expect(connector.tlsClient?.privateKey).toContain("PRIVATE KEY");
  expect(connector.tlsCa?.certificates).toHaveLength(2);
  expect(connectorOf(withConnector("smartHosts: [mail.example:587]")).implicitTls).toBe(false);
});

test.each([
  ["errorPolicies: Default", []],
  ["errorPolicies: RejectUnconvertible", ["RejectUnconvertible"]],
  [
    "errorPolicies: [DowngradeAuthFailures, DowngradeDnsFailures]",
    ["DowngradeAuthFailures", "DowngradeDnsFailures"],
  ],
])("%s", (line, policies) => {
  expect(connectorOf(withConnector(`smartHosts: [a.example]\n${line}`)).errorPolicies).toEqual(policies);
});

test.each([
  ["errorPolicies: Default", []],
  ["errorPolicies: RejectUnconvertible", ["RejectUnconvertible"]],
  [
    "errorPolicies: [DowngradeAuthFailures, DowngradeDnsFailures]",
    ["DowngradeAuthFailures", "DowngradeDnsFailures"],
  ],
])("%s", (line, policies) => {
  expect(connectorOf(withConnector(`smartHosts: [a.example]\n${line}`)).errorPolicies).toEqual(policies);
});

describe("faults", () => {
  const oauth = (fields: string): string => `preset: microsoft365\noauth: {${fields}}`;
  const client = "tenant: t, clientId: c";
  test.each<[string, string[]]>([
    [
      "preset: office365",
      [
        '.preset: "office365" is not one of microsoft365, google, googleRelay, ses, sendgrid, mailgun, acs, graph',
      ],
    ],
    [
      "preset: microsoft365",
      [".smartHostAuthMechanism: XOAUTH2 needs oauth, which tells where tokens come from"],
    ],
    [
      "preset: ses\nauthenticationCredential: {userName: a, passwordEnv: M365}",
      [expect.stringMatching(/preset ses .*email-smtp\.REGION/) as never],
    ],
    ["preset: sendgrid", [".smartHostAuthMechanism: BasicAuthRequireTLS needs authenticationCredential"]],
    ["preset: google\ndropDirectory: drop", [".preset: means nothing beside dropDirectory; take it out"]],
    [
      oauth(client),
      [".oauth: needs exactly one of clientSecretFile, clientSecretEnv, and certificateFile with keyFile"],
    ],
    [
      oauth(`${client}, clientSecretEnv: M365, clientSecretFile: m365.secret`),
      [expect.stringMatching(/exactly one/) as never],
    ],
    [
      oauth(`${client}, clientSecretEnv: NOT_THERE`),
      [".oauth.clientSecretEnv: the environment variable NOT_THERE is not set"],
    ],
    [
      oauth(`${client}, clientSecretFile: empty.secret`),
      [".oauth.clientSecretFile: the file's first line is empty"],
    ],
    [
      oauth(`${client}, clientSecretFile: none`),
      [expect.stringMatching(/^\.oauth\.clientSecretFile: cannot be read/) as never],
    ],
    [
      oauth(`${client}, clientSecret: abc`),
      [
        ".oauth.clientSecret: not supported: secrets are not kept in clear here; name a file (clientSecretFile) or a variable (clientSecretEnv)",
      ],
    ],
    [
      oauth("clientSecretEnv: M365"),
      [".oauth.clientId: is missing", expect.stringMatching(/^\.oauth\.tenant: is missing/) as never],
    ],
    [
      oauth("tenant: common, clientId: c, clientSecretEnv: M365"),
      [expect.stringMatching(/^\.oauth\.tenant: common gives no tokens/) as never],
    ],
    [
      oauth(`${client}, certificateFile: app.pem`),
      [".oauth.certificateFile: certificateFile and keyFile go together; give both or none"],
    ],
    [
      oauth(`${client}, certificateFile: app.pem, keyFile: ec.key`),
      [".oauth.keyFile: is not the key of certificateFile"],
    ],
    [
      oauth(`${client}, certificateFile: ec.pem, keyFile: damaged.key`),
      [".oauth.keyFile: is damaged: what it signs does not verify"],
    ],
    [
      oauth(`${client}, certificateFile: ec.pem, keyFile: ec.key`),
      [".oauth.keyFile: is no RSA key, which PS256 needs"],
    ],
    [
      oauth(`${client}, certificateFile: text.txt, keyFile: text.txt`),
      [
        expect.stringMatching(/no certificate in PEM/) as never,
        expect.stringMatching(/no private key in PEM/) as never,
      ],
    ],
    [
      oauth(`${client}, clientSecretEnv: M365, authority: "http://login.example"`),
      [expect.stringMatching(/^\.oauth\.authority: .*clear text/) as never],
    ],
    [
      oauth(`${client}, clientSecretEnv: M365, authority: login`),
      [expect.stringMatching(/^\.oauth\.authority: .*is not a URL/) as never],
    ],
    [
      oauth(`${client}, clientSecretEnv: M365, clientSecretExpires: soon`),
      [expect.stringMatching(/is not a date/) as never],
    ],
    [
      oauth(`${client}, clientSecretEnv: M365, cloud: moon`),
      [expect.stringMatching(/is not one of global/) as never],
    ],
    [
      oauth("serviceAccountFile: google.json, tenant: t"),
      [".oauth.tenant: means nothing beside serviceAccountFile; take it out"],
    ],
    [
      oauth("serviceAccountFile: text.txt"),
      [expect.stringMatching(/is no key file of a service account/) as never],
    ],
    [
      `${issue}\nignoreStartTls: true`,
      [
        ".ignoreStartTls: must be false with requireTls",
        ".ignoreStartTls: must be false with smartHostAuthMechanism XOAUTH2",
      ],
    ],
    [
      issue.replace('"NoReply@contoso.com"', '"noreply"'),
      [expect.stringMatching(/^\.senderMailboxes.noreply: "noreply" is not a sender/) as never],
    ],
    [
      issue.replace('"relay@contoso.com"', '"relay"'),
      [expect.stringMatching(/"relay" is not an address/) as never],
    ],
    [
      "smartHosts: [a.example]\ntlsCertificateFile: app.pem",
      [".tlsCertificateFile: tlsCertificateFile and tlsKeyFile go together; give both or none"],
    ],
    [
      "smartHosts: [a.example]\ntlsCaFile: text.txt",
      [expect.stringMatching(/^\.tlsCaFile: holds no certificate/) as never],
    ],
    [
      "smartHosts: [a.example]\nerrorPolicies: [Default, UpgradeAuthFailures]",
      [expect.stringMatching(/^\.errorPolicies.*is not one/) as never],
    ],
    [
      'smartHosts: [a.example]\nerrorPolicies: [DowngradeCustomFailures]\ncustomFailures: ["4.7.1"]',
      [".errorPolicies: DowngradeCustomFailures needs customFailures, the replies it is for (5xx)"],
    ],
    [
      "smartHosts: [a.example]\nerrorPolicies: UpgradeCustomFailures\ncustomFailures: [blocked]",
      [expect.stringMatching(/^\.customFailures\[0\].*begins with no reply code/) as never],
    ],
    [
      "smartHosts: [a.example]\nsourceIpAddress: 0.0.0.0",
      [expect.stringMatching(/leave the setting out/) as never],
    ],
    [
      "smartHosts: [a.example]\nsourceIpAddress: 192.0.2.7\nipPreference: IPv6Only",
      [".ipPreference: IPv6Only leaves nothing that sourceIpAddress 192.0.2.7 could connect to"],
    ],
  ])("%j", (lines, faults) => {
    expect(faultsOf(withConnector(lines))).toEqual(faults);
  });

  it("warns of what is not used", () => {
    const result = withConnector(
      'smartHosts: [a.example]\noauth: {tenant: t, clientId: c, clientSecretEnv: M365}\nsenderMailboxes: {"*": "a@b.example"}\nauthenticationCredential: {userName: u, passwordEnv: M365}',
    );
    const paths = result.warnings?.map(({ path }) => path);
    expect(paths?.filter((path) => path.startsWith("send"))).toEqual([
      "sendConnectors[0].oauth",
      "sendConnectors[0].senderMailboxes",
      "sendConnectors[0].authenticationCredential",
    ]);
  });

  it("warns of each custom failure that no policy is for", () => {
    const result = withConnector(
      'smartHosts: [a.example]\nerrorPolicies: [DowngradeCustomFailures]\ncustomFailures: ["5.7.1", "4.7.1"]',
    );
    expect(result.warnings?.filter(({ path }) => path.startsWith("send"))).toMatchObject([
      {
        path: "sendConnectors[0].customFailures[1]",
        message: expect.stringContaining("UpgradeCustomFailures"),
      },
    ]);
  });

  it("does not warn of it while a setting could not be read: it may be the one that uses it", () => {
    const result = withConnector(
      "smartHosts: [a.example]\noauth: {tenant: t, clientId: c, clientSecretEnv: M365}\nsmartHostAuthMechanism: XOAUTH3",
    );
    expect(faultsOf(result)).toHaveLength(1);
    expect(result.warnings?.filter(({ path }) => path.startsWith("send"))).toEqual([]);
  });
});

describe("preset graph", () => {
  const graph = (more = ""): ConfigResult =>
    parseConfig(
      `receiveConnectors:
  - {name: AppRelay, bindings: ["127.0.0.1:2525"], remoteIpRanges: ["127.0.0.0/8"]}
sendConnectors:
  - name: Graph
    addressSpaces: ["*"]
    preset: graph
    oauth: {tenant: contoso.onmicrosoft.com, clientId: c, clientSecretFile: m365.secret}
    graphRoot: http://127.0.0.1:9001
    overflowConnector: microsoft 365
${more.replace(/^(?=.)/gm, "    ")}
  - name: Microsoft 365
    addressSpaces: ["other.example"]
    smartHosts: ["[127.0.0.1]:2587"]
`,
      { file: "/etc/weir/weir.yaml", hostname: "relay.test", env: {}, readText },
    );

  it("is a connector of its own kind, with Graph's limits and scope", () => {
    const result = graph();
    if (!result.ok) throw new Error(JSON.stringify(result.faults));
    const [connector] = result.settings.sendConnectors;
    expect(connector).toMatchObject({
      kind: "graph",
      graphRoot: "http://127.0.0.1:9001",
      overflowConnector: "microsoft 365",
      maxMessageSize: 3_100_000,
      maxConcurrentConnections: 4,
      oauth: { scope: "https://graph.microsoft.com/.default" },
    });
    expect(result.warnings.filter(({ path }) => path.startsWith("send"))).toEqual([]);
    const shown = plainSettings(result.settings);
    expect(shown["sendConnectors"]).toMatchObject({
      Graph: { graphRoot: "http://127.0.0.1:9001", preset: "graph" },
    });
    expect(JSON.stringify(shown)).not.toContain("s3cret");
    expect(result.origins.get("sendConnectors[0].maxMessageSize")).toBe("preset");
    expect(result.origins.get("sendConnectors[0].graphRoot")).toBe("set");
  });

  test.each([
    ["smartHosts: [a.test]", "sendConnectors[0].smartHosts: means nothing with preset graph"],
    ["requireTls: true", "sendConnectors[0].requireTls: means nothing with preset graph"],
    ["dropDirectory: d", "sendConnectors[0].dropDirectory: means nothing with preset graph"],
    ["maxMessageSize: 10MB", "sendConnectors[0].maxMessageSize: is more than Graph takes"],
    ["maxConcurrentConnections: 5", "sendConnectors[0].maxConcurrentConnections: is more than Graph takes"],
  ])("%s is refused", (line, fault) => {
    const result = graph(line);
    const faults = result.ok ? [] : result.faults.map(({ path, message }) => `${path}: ${message}`);
    expect(faults).toEqual([expect.stringContaining(fault)]);
  });

  test.each([
    ["preset: graph", "", "is missing: preset graph needs it"],
    ["graphRoot: https://g.test\nsmartHosts: [a.test]", "", "means nothing without preset: graph"],
    [
      `${issue.replace("microsoft365", "graph").replace(/^(?:smartHosts|tlsAuthLevel).*$/gm, "")}\ngraphRoot: https://graph.microsoft.com/v1.0/`,
      "",
      "ends in a version",
    ],
    ["overflowConnector: Other\nsmartHosts: [a.test]", "", "means nothing without preset: graph"],
    [
      `${issue.replace("microsoft365", "graph").replace(/^(?:smartHosts|tlsAuthLevel).*$/gm, "")}\noverflowConnector: Nobody`,
      "",
      'there is no send connector "Nobody"',
    ],
    [
      `${issue.replace("microsoft365", "graph").replace(/^(?:smartHosts|tlsAuthLevel).*$/gm, "")}\noverflowConnector: Microsoft 365`,
      "",
      "is the connector itself",
    ],
  ])("%j is refused", (lines, _, fault) => {
    expect(faultsOf(withConnector(lines))).toEqual([expect.stringContaining(fault)]);
  });

  it("warns where reports have no way", () => {
    const result = withConnector(
      issue.replace("microsoft365", "graph").replace(/^(?:smartHosts|tlsAuthLevel).*$/gm, ""),
    );
    expect(result.ok && result.warnings.slice(-1).map(({ message }) => message)).toEqual([
      expect.stringContaining("reports (null reverse-path), which Graph does not carry, have no other way"),
    ]);
  });
});
