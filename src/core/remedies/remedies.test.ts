/** What is advised against each refusal: commands that help by the settings in force, and none where they do already. */
import { describe, expect, it, test } from "vitest";
import { receiveConnector } from "../../testing/test-settings.ts";
import { toldRefusal } from "../../testing/test-refusal.ts";
import type { Endpoint, ReceiveConnectorSettings } from "../policy/receive-connector.ts";
import { refusalCatalogue, type RefusalKind } from "../refusals/catalogue.ts";
import { parseAddress } from "../units/ip-address.ts";
import { ipRange } from "../units/ip-range.ts";
import { noConnectorRemedy } from "./no-connector.ts";
import { remedyFor, type AdvisedKind } from "./remedy-for.ts";
import type { Circumstances, Met } from "./remedy.ts";

const mib = 1024 ** 2;

function circumstances(
  settings: Partial<ReceiveConnectorSettings> = {},
  given: Partial<Circumstances> = {},
): Circumstances {
  return {
    connector: receiveConnector({
      name: "App Relay",
      bindings: [{ address: "0.0.0.0", port: 25 }],
      remoteIpRanges: [ipRange("10.0.0.0/8")],
      anonymousRelay: false,
      ...settings,
    }),
    acceptedDomains: [],
    users: [],
    apiKeys: [],
    applications: [],
    sendConnectors: [],
    connectorNames: ["App Relay"],
    address: "10.1.4.7",
    application: "ERP",
    ...given,
  };
}

type Advised = Exclude<RefusalKind, AdvisedKind>;
const met = (kind: Advised, given: Partial<Met> = {}): Met => ({
  last: toldRefusal(kind),
  mostSeen: undefined,
  about: [],
  ...given,
});
const commands = (kind: Advised, given: Partial<Met>, around: Circumstances): readonly string[] | undefined =>
  remedyFor(kind, met(kind, given), around)?.commands.map(({ command }) => command);

const erpUser = {
  name: "erp",
  sendAs: [{ kind: "null", text: "<>" }],
  receiveConnectors: ["Other"],
} as const;
const erpApplication = { name: "ERP", messageRateLimit: 30, recipientRateLimit: 100 };

const relayTo = { about: ["a.example", "b.example"] };
const app = "Set-ReceiveConnector 'App Relay'";
const clients = { authMechanism: ["Tls", "BasicAuth"], permissionGroups: ["ExchangeUsers"] } as const;

it.each<[string, Advised, Partial<Met>, Circumstances, readonly string[] | undefined]>([
  [
    "relay denied: two ways",
    "unableToRelay",
    relayTo,
    circumstances(),
    ["New-AcceptedDomain a.example", "New-AcceptedDomain b.example", `${app} -AnonymousRelay true`],
  ],
  [
    "relay denied: accepted ones are left out",
    "unableToRelay",
    relayTo,
    circumstances({}, { acceptedDomains: [{ domain: "a.example", subdomains: false }] }),
    ["New-AcceptedDomain b.example", `${app} -AnonymousRelay true`],
  ],
  [
    "relay denied: an address is no domain",
    "unableToRelay",
    { about: ["[10.0.0.1]"] },
    circumstances(),
    [`${app} -AnonymousRelay true`],
  ],
  [
    "relay denied: never an open relay",
    "unableToRelay",
    { about: ["a.example"] },
    circumstances({ remoteIpRanges: [ipRange("0.0.0.0/0")] }),
    [
      "New-AcceptedDomain a.example",
      "New-ReceiveConnector 'ERP relay' -Bindings 0.0.0.0:25 -RemoteIPRanges 10.1.4.7 -PermissionGroups AnonymousUsers -AnonymousRelay true",
    ],
  ],
  [
    "relay denied: a place in the application's own connector, where it has one",
    "unableToRelay",
    { about: [] },
    circumstances({ remoteIpRanges: [ipRange("0.0.0.0/0")] }, { connectorNames: ["App Relay", "erp relay"] }),
    [`Set-ReceiveConnector 'ERP relay' -RemoteIPRanges "@{Add='10.1.4.7'}"`],
  ],
  [
    "sendAs: what it wanted, of whom it is",
    "sendAsDenied",
    { about: ["<ceo@contoso.com> as user erp", "<it@contoso.com> as user ERP"] },
    circumstances({}, { users: [erpUser] }),
    [`Set-User erp -SendAs "@{Add='ceo@contoso.com','it@contoso.com'}"`],
  ],
  [
    "sendAs: it may by now",
    "sendAsDenied",
    { about: ["<> as user erp"] },
    circumstances({}, { users: [erpUser] }),
    undefined,
  ],
  [
    "sendAs: nothing limits it any more",
    "sendAsDenied",
    { about: ["<ceo@contoso.com> as application ERP"] },
    circumstances({}, { applications: [erpApplication] }),
    undefined,
  ],
  ["sendAs: a header that nobody can read", "sendAsDenied", { about: [] }, circumstances(), []],
  [
    "the wrong connector",
    "connectorDenied",
    { about: ["user erp"] },
    circumstances({}, { users: [erpUser] }),
    [`Set-User erp -ReceiveConnectors "@{Add='App Relay'}"`],
  ],
  [
    "the wrong connector, by now the right one",
    "accountNotOnConnector",
    { about: ["user erp"] },
    circumstances({ name: "OTHER" }, { users: [erpUser] }),
    undefined,
  ],
  [
    "too many messages of an application",
    "clientMessageRate",
    { about: ["application ERP"], mostSeen: 30 },
    circumstances({}, { applications: [erpApplication] }),
    ["Set-Application ERP -MessageRateLimit 60"],
  ],
  [
    "too many recipients of an application",
    "clientRecipientRate",
    { about: ["application ERP"], mostSeen: 100 },
    circumstances({}, { applications: [erpApplication] }),
    ["Set-Application ERP -RecipientRateLimit 200"],
  ],
  [
    "too many recipients, and the limit is higher by now",
    "clientRecipientRate",
    { about: ["application ERP"], mostSeen: 50 },
    circumstances({}, { applications: [erpApplication] }),
    undefined,
  ],
  [
    "silent in a message: the usual time",
    "messageTimedOut",
    {},
    circumstances({ connectionTimeout: 30_000, connectionInactivityTimeout: 10_000 }),
    [`${app} -ConnectionTimeout 00:10:00 -ConnectionInactivityTimeout 00:05:00`],
  ],
  [
    "silent in a message, for long",
    "messageTimedOut",
    {},
    circumstances({ connectionTimeout: 600_000, connectionInactivityTimeout: 300_000 }),
    [],
  ],
  ["idle: nothing is lost", "timedOut", {}, circumstances({ connectionInactivityTimeout: 10_000 }), []],
  [
    "relay denied: logging on would do",
    "unableToRelay",
    { about: [] },
    circumstances({ ...clients, permissionGroups: ["ExchangeUsers", "AnonymousUsers"] }),
    [`${app} -AnonymousRelay true`, "New-User NAME"],
  ],
  [
    "relay denied: it may by now",
    "unableToRelay",
    relayTo,
    circumstances({ anonymousRelay: true }),
    undefined,
  ],
  [
    "relay denied: all are accepted by now",
    "unableToRelay",
    { about: ["a.example"] },
    circumstances({}, { acceptedDomains: [{ domain: "a.example", subdomains: false }] }),
    undefined,
  ],
  [
    "not logged on",
    "notAuthenticated",
    {},
    circumstances({ ...clients, anonymousRelay: true }),
    ["New-User NAME", `${app} -PermissionGroups ExchangeUsers,AnonymousUsers`],
  ],
  [
    "not logged on, with accounts, on a connector for everybody",
    "notAuthenticated",
    {},
    circumstances(
      { ...clients, anonymousRelay: true, remoteIpRanges: [ipRange("0.0.0.0/0")] },
      { users: [{ name: "erp" }] },
    ),
    ["Get-User"],
  ],
  [
    "not logged on where nobody can",
    "notAuthenticated",
    {},
    circumstances({ permissionGroups: ["None"] }),
    [
      `${app} -AuthMechanism Tls,BasicAuth,BasicAuthRequireTLS -PermissionGroups ExchangeUsers`,
      "New-User NAME",
      `${app} -PermissionGroups AnonymousUsers`,
    ],
  ],
  ["not logged on: needless by now", "notAuthenticated", {}, circumstances(), undefined],
  [
    "an unknown account",
    "authenticationFailed",
    { about: ["(no such account)"] },
    circumstances(),
    ["Get-User", "New-User NAME"],
  ],
  [
    "a wrong password",
    "authenticationFailed",
    { about: ["ERP"] },
    circumstances({}, { users: [{ name: "erp" }] }),
    ["Set-User erp"],
  ],
  [
    "a wrong password too often",
    "tooManyLogonFailures",
    { about: ["my erp"] },
    circumstances({}, { users: [{ name: "my erp" }] }),
    ["Set-User 'my erp'"],
  ],
  [
    "an account without a right",
    "accountMayNotSubmit",
    {},
    circumstances({ authMechanism: ["BasicAuth"] }),
    [`${app} -PermissionGroups AnonymousUsers,ExchangeUsers`],
  ],
  ["an account with a right by now", "accountMayNotSubmit", {}, circumstances(clients), undefined],
  [
    "no logon offered",
    "authenticationNotOffered",
    {},
    circumstances({ authMechanism: ["None"] }),
    [
      `${app} -AuthMechanism Tls,BasicAuth,BasicAuthRequireTLS -PermissionGroups AnonymousUsers,ExchangeUsers`,
      "New-User NAME",
    ],
  ],
  [
    "a logon in the clear",
    "authenticationNeedsTls",
    {},
    circumstances({ authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"] }),
    [`${app} -AuthMechanism Tls,BasicAuth`],
  ],
  [
    "TLS at once",
    "tlsBeforeGreeting",
    {},
    circumstances({ authMechanism: ["Tls"] }),
    [`${app} -Bindings '0.0.0.0:25,0.0.0.0:465' -ImplicitTlsBindings 0.0.0.0:465`],
  ],
  [
    "TLS at once on another port than 25",
    "tlsBeforeGreeting",
    {},
    circumstances({ authMechanism: ["Tls"], bindings: [{ address: "10.0.0.1", port: 2465 }] }),
    [`${app} -ImplicitTlsBindings 10.0.0.1:2465`],
  ],
  [
    "TLS at once where there is none",
    "tlsBeforeGreeting",
    {},
    circumstances({ authMechanism: ["None"] }),
    [`${app} -AuthMechanism Tls`],
  ],
  ["a mechanism we have not", "authenticationMechanismUnknown", {}, circumstances(), []],
  ["TLS wanted by us", "tlsRequired", {}, circumstances({ requireTls: true }), [`${app} -RequireTls false`]],
  [
    "TLS wanted by it",
    "startTlsNotOffered",
    {},
    circumstances({ authMechanism: ["None"] }),
    [`${app} -AuthMechanism Tls`],
  ],
  [
    "TLS too old",
    "tlsVersionTooOld",
    {},
    circumstances({ anonymousRelay: true }),
    [
      "New-ReceiveConnector 'ERP with old TLS' -Bindings 0.0.0.0:25 -RemoteIPRanges 10.1.4.7 -AuthMechanism Tls -PermissionGroups AnonymousUsers -AnonymousRelay true -TlsMinVersion TLSv1",
    ],
  ],
  [
    "TLS too old where clear text is not wanted",
    "tlsVersionTooOld",
    {},
    circumstances({ requireTls: true }),
    [
      "New-ReceiveConnector 'ERP with old TLS' -Bindings 0.0.0.0:25 -RemoteIPRanges 10.1.4.7 -AuthMechanism Tls -PermissionGroups AnonymousUsers -RequireTls true -TlsMinVersion TLSv1",
    ],
  ],
  [
    "older than any TLS",
    "tlsVersionTooOld",
    {},
    circumstances({ tlsMinVersion: "TLSv1" }),
    [
      "New-ReceiveConnector 'ERP without TLS' -Bindings 0.0.0.0:25 -RemoteIPRanges 10.1.4.7 -AuthMechanism None -PermissionGroups AnonymousUsers",
    ],
  ],
  [
    "older than any TLS, on a connector that relays",
    "tlsVersionTooOld",
    {},
    circumstances({ tlsMinVersion: "TLSv1", anonymousRelay: true }),
    [
      "New-ReceiveConnector 'ERP without TLS' -Bindings 0.0.0.0:25 -RemoteIPRanges 10.1.4.7 -AuthMechanism None -PermissionGroups AnonymousUsers -AnonymousRelay true",
    ],
  ],
  ["no common cipher where it logs on", "tlsNoCommonCipher", {}, circumstances(clients), []],
  ["TLS not offered by now", "tlsVersionTooOld", {}, circumstances({ authMechanism: ["None"] }), undefined],
  [
    "our certificate",
    "tlsCertificateRefused",
    {},
    circumstances(),
    [`${app} -TlsCertificateFile FILE -TlsKeyFile FILE`],
  ],
  [
    "too large: what was sent, and what sends it on",
    "messageTooLarge",
    { mostSeen: 40 * mib },
    circumstances(
      { maxMessageSize: 36 * mib },
      {
        sendConnectors: [
          { name: "Out", enabled: true, maxMessageSize: 35 * mib },
          { name: "Off", enabled: false, maxMessageSize: 1 },
          { name: "Big", enabled: true, maxMessageSize: Infinity },
        ],
      },
    ),
    [`${app} -MaxMessageSize 50MB`, "Set-SendConnector Out -MaxMessageSize 50MB"],
  ],
  [
    "too large, announced, small",
    "declaredTooLarge",
    { mostSeen: 20_000 },
    circumstances({ maxMessageSize: 10_000 }),
    [`${app} -MaxMessageSize 25KB`],
  ],
  [
    "an announcement that cannot be meant: what was announced otherwise counts",
    "declaredTooLarge",
    { mostSeen: 2 ** 63, last: toldRefusal("declaredTooLarge", { seen: 40 * mib }) },
    circumstances({ maxMessageSize: 36 * mib }),
    [`${app} -MaxMessageSize 50MB`],
  ],
  [
    "an announcement that cannot be meant",
    "declaredTooLarge",
    { mostSeen: 2 ** 32 },
    circumstances({ maxMessageSize: 36 * mib }),
    [],
  ],
  [
    "large enough by now",
    "messageTooLarge",
    { mostSeen: 40 * mib },
    circumstances({ maxMessageSize: 50 * mib }),
    undefined,
  ],
  [
    "a header",
    "headerTooLarge",
    { mostSeen: 300 * 1024 },
    circumstances({ maxHeaderSize: 256 * 1024 }),
    [`${app} -MaxHeaderSize 400KB`],
  ],
  [
    "recipients",
    "tooManyRecipients",
    { mostSeen: 350 },
    circumstances({ maxRecipientsPerMessage: 200 }),
    [`${app} -MaxRecipientsPerMessage 450`],
  ],
  ["hops", "hopCountExceeded", { mostSeen: 61 }, circumstances(), [`${app} -MaxHopCount 80`]],
  [
    "bare line feeds",
    "bareLinefeed",
    {},
    circumstances({ bareLinefeedRejectionEnabled: true }),
    [`${app} -BareLinefeedRejectionEnabled false`],
  ],
  [
    "bare carriage returns",
    "bareCarriageReturn",
    {},
    circumstances({ bareCarriageReturnRejectionEnabled: true, bareLinefeedRejectionEnabled: true }),
    [`${app} -BareCarriageReturnRejectionEnabled false -BareLinefeedRejectionEnabled false`],
  ],
  ["LF at the end of data", "endOfDataNeedsCrlf", {}, circumstances(), []],
  ["NUL", "nulInContent", {}, circumstances(), [`${app} -NulRemovalEnabled true`]],
  [
    "EHLO without a name",
    "ehloDomainRequired",
    {},
    circumstances({ requireEhloDomain: true }),
    [`${app} -RequireEhloDomain false`],
  ],
  ["EHLO without a name, by now", "ehloDomainRequired", {}, circumstances(), undefined],
  [
    "a strict connector",
    "invalidSender",
    { about: ["strictAddresses"] },
    circumstances({ strictAddresses: true }),
    [`${app} -StrictAddresses false`],
  ],
  [
    "a bare name",
    "invalidRecipient",
    { about: ["defaultDomain"] },
    circumstances(),
    [`${app} -DefaultDomain DOMAIN`],
  ],
  ["an address that cannot be read", "invalidRecipient", {}, circumstances(), []],
  [
    "a parameter",
    "unrecognizedParameter",
    { about: ["NOTIFY"] },
    circumstances({ deliveryStatusNotificationEnabled: false }),
    [`${app} -DeliveryStatusNotificationEnabled true`],
  ],
  ["a parameter, by now", "unrecognizedParameter", { about: ["SIZE"] }, circumstances(), undefined],
  ["a parameter of nothing we know", "unrecognizedParameter", { about: ["XMOON"] }, circumstances(), []],
  [
    "chunks",
    "chunkingNotOffered",
    {},
    circumstances({ chunkingEnabled: false }),
    [`${app} -ChunkingEnabled true`],
  ],
  [
    "UTF-8",
    "utf8NotOffered",
    {},
    circumstances({ smtpUtf8Enabled: false }),
    [`${app} -SmtpUtf8Enabled true`],
  ],
  [
    "a single label",
    "singleLabelDomain",
    { about: ["server"] },
    circumstances({ rejectSingleLabelRecipientDomains: true }),
    [`${app} -RejectSingleLabelRecipientDomains false`],
  ],
  ["what is no SMTP", "unrecognizedCommand", {}, circumstances(), [`${app} -ProtocolLoggingLevel Verbose`]],
  [
    "what is no SMTP, with a log of it",
    "syntaxError",
    {},
    circumstances({ protocolLoggingLevel: "Verbose" }),
    [],
  ],
])("%s", (_, kind, given, around, expected) => {
  expect(commands(kind, given, around)).toEqual(expected);
});

describe("a parameter that is not offered", () => {
  test.each<[string, Partial<ReceiveConnectorSettings>, string]>([
    ["SIZE", { sizeEnabled: "Disabled" }, "-SizeEnabled Enabled"],
    ["BODY", { eightBitMimeEnabled: false }, "-EightBitMimeEnabled true -BinaryMimeEnabled true"],
    ["SMTPUTF8", { smtpUtf8Enabled: false }, "-SmtpUtf8Enabled true"],
    ["REQUIRETLS", { requireTlsExtensionEnabled: false }, "-RequireTlsExtensionEnabled true"],
    ...["RET", "ENVID", "NOTIFY", "ORCPT"].map(
      (keyword): [string, Partial<ReceiveConnectorSettings>, string] => [
        keyword,
        { deliveryStatusNotificationEnabled: false },
        "-DeliveryStatusNotificationEnabled true",
      ],
    ),
  ])("%s", (keyword, settings, parameters) => {
    const about = ["XMOON", keyword];
    expect(commands("unrecognizedParameter", { about }, circumstances(settings))).toEqual([
      `${app} ${parameters}`,
    ]);
    const offered = circumstances({ requireTlsExtensionEnabled: true, sizeEnabled: "EnabledwithoutValue" });
    // Within TLS alone: it is no matter of the settings.
    const byNow = keyword === "REQUIRETLS" ? [] : undefined;
    expect(commands("unrecognizedParameter", { about }, offered)).toEqual(byNow);
  });
});

describe("taken by now", () => {
  test.each<[Advised, Partial<Met>, Partial<ReceiveConnectorSettings>]>([
    ["bareLinefeed", {}, { bareLinefeedRejectionEnabled: false }],
    ["bareCarriageReturn", {}, { bareCarriageReturnRejectionEnabled: false }],
    ["nulInContent", {}, { nulRemovalEnabled: true }],
    ["chunkingNotOffered", {}, { chunkingEnabled: true }],
    ["invalidSender", { about: ["strictAddresses"] }, { strictAddresses: false }],
    ["invalidSender", { about: ["defaultDomain"] }, { defaultDomain: "contoso.com" }],
    ["headerTooLarge", { mostSeen: 1_000 }, { maxHeaderSize: 1_000 }],
    ["headerTooLarge", {}, { maxHeaderSize: 0 }],
    ["messageTooLarge", { mostSeen: 1_000 }, { maxMessageSize: 1_000 }],
    ["tooManyRecipients", { mostSeen: 200 }, { maxRecipientsPerMessage: 200 }],
    ["tooManyRecipients", {}, { maxRecipientsPerMessage: 0 }],
    ["hopCountExceeded", { mostSeen: 60 }, { maxHopCount: 60 }],
    ["hopCountExceeded", {}, { maxHopCount: 0 }],
    ["connectorDenied", { about: ["application ERP"] }, {}],
    ["connectorDenied", { about: [] }, {}],
  ])("%s", (kind, given, settings) => {
    expect(
      commands(kind, given, circumstances(settings, { applications: [erpApplication] })),
    ).toBeUndefined();
  });
});

describe("not before it is", () => {
  test.each<[string, Advised, Partial<Met>, Partial<ReceiveConnectorSettings>, readonly string[]]>([
    [
      "carriage returns alone",
      "bareCarriageReturn",
      {},
      { bareCarriageReturnRejectionEnabled: true, bareLinefeedRejectionEnabled: false },
      [`${app} -BareCarriageReturnRejectionEnabled false`],
    ],
    ["UTF-8 is offered", "utf8NotOffered", {}, { smtpUtf8Enabled: true }, []],
    [
      "a header",
      "headerTooLarge",
      { mostSeen: 1_001 },
      { maxHeaderSize: 1_000 },
      [`${app} -MaxHeaderSize 2KB`],
    ],
    [
      "a message of a megabyte, in its own unit",
      "messageTooLarge",
      { mostSeen: mib },
      { maxMessageSize: mib - 1 },
      [`${app} -MaxMessageSize 2MB`],
    ],
    [
      "just below it",
      "messageTooLarge",
      { mostSeen: mib - 1 },
      { maxMessageSize: 1 },
      [`${app} -MaxMessageSize 1500KB`],
    ],
    [
      "what can just be believed",
      "declaredTooLarge",
      { mostSeen: 2 ** 31 },
      { maxMessageSize: 1 },
      [`${app} -MaxMessageSize 3000MB`],
    ],
    ["hops, as many as there may be", "hopCountExceeded", { mostSeen: 480 }, {}, [`${app} -MaxHopCount 500`]],
  ])("%s", (_, kind, given, settings, expected) => {
    expect(commands(kind, given, circumstances(settings))).toEqual(expected);
  });

  test.each([
    [8, 16],
    [9, 18],
    [11, 22],
    [51, 110],
    [123, 250],
    [999, 2_000],
  ])("%i messages a minute were too many: %i", (mostSeen, enough) => {
    const around = circumstances({}, { users: [{ name: "a", messageRateLimit: 8 }] });
    const about = ["application ERP", "user A"];
    const last = toldRefusal("clientMessageRate", { configured: 8 });
    expect(commands("clientMessageRate", { about, mostSeen, last }, around)).toEqual([
      `Set-User a -MessageRateLimit ${enough}`,
    ]);
  });

  test("what the limit was counts where nothing was seen", () => {
    const around = circumstances({}, { apiKeys: [{ name: "k", recipientRateLimit: 30 }] });
    const last = toldRefusal("clientRecipientRate", { configured: 40 });
    expect(commands("clientRecipientRate", { about: ["key K"], last }, around)).toEqual([
      "Set-ApiKey k -RecipientRateLimit 80",
    ]);
    expect(commands("clientRecipientRate", { about: ["key K"] }, around)).toBeUndefined();
  });
});

test("as whom it wanted to send: the last three, each once, of one owner, and in quotes", () => {
  const around = circumstances(
    {},
    { users: [{ ...erpUser, sendAs: [] }], applications: [{ name: "x", sendAs: [] }] },
  );
  const about = ["a@b", "a@b", "c@d", "e@f", "o'neil@g"].map((address) => `<${address}> as user erp`);
  const remedy = remedyFor(
    "sendAsDenied",
    met("sendAsDenied", { about: [...about, "<> as application X"] }),
    around,
  );
  expect(remedy?.commands.map(({ command }) => command)).toEqual([
    `Set-User erp -SendAs "@{Add='c@d','e@f','o''neil@g'}"`,
  ]);
  expect(remedy?.text).toMatch(/sendAs of the user erp /);
  expect(commands("sendAsDenied", { about: ["<> as application X"] }, around)).toEqual([
    `Set-Application x -SendAs "@{Add='<>'}"`,
  ]);
  const named = remedyFor(
    "connectorDenied",
    met("connectorDenied", { about: ["user erp"] }),
    circumstances({}, { users: [erpUser] }),
  );
  expect(named?.text).toMatch(/^The user erp may send by Other only, and reached App Relay\./);
});

const advised: readonly string[] = [
  "noConnector",
  "connectionLimit",
  "connectionLimitPerSource",
  "connectionPercentagePerSource",
  "connectionRate",
  "messageRate",
];

test.each((Object.keys(refusalCatalogue) as Advised[]).filter((kind) => !advised.includes(kind)))(
  "%s: a sentence, or nothing to change",
  (kind) => {
    const remedy = remedyFor(kind, met(kind, { mostSeen: 10 ** 9 }), circumstances());
    if (remedy !== undefined) expect(remedy.text).toMatch(/[.:]$/);
    for (const { command, effect } of remedy?.commands ?? []) {
      expect(command).toMatch(/^(?:Get|Set|New|Resume)-[A-Z]\w+/);
      expect(effect).not.toBe("");
    }
  },
);

describe("no connector", () => {
  const connector = (name: string, ...bindings: Endpoint[]) =>
    receiveConnector({ name, bindings, remoteIpRanges: [ipRange("10.0.0.0/24")] });
  const at = (address: string, port = 25): Endpoint => ({ address, port });
  const advice = (connectors: ReceiveConnectorSettings[], address: string, endpoints: Endpoint[] = []) => {
    const parsed = parseAddress(address);
    if (parsed === undefined) throw new Error(address);
    return noConnectorRemedy(connectors, parsed, endpoints)?.commands.map(({ command }) => command);
  };
  const add = (name: string, address: string): string =>
    `Set-ReceiveConnector ${name} -RemoteIPRanges "@{Add='${address}'}"`;

  it("names all that listen where the address cannot come", () => {
    const parsed = parseAddress("10.1.4.7");
    if (parsed === undefined) throw new Error("no address");
    const local = [connector("Local", at("127.0.0.1")), connector("Other one", at("127.0.0.1", 587))];
    expect(noConnectorRemedy(local, parsed, [])?.text).toContain(
      "Local at 127.0.0.1:25; 'Other one' at 127.0.0.1:587.",
    );
  });

  it.each<[string, ReceiveConnectorSettings[], string, Endpoint[], readonly string[] | undefined]>([
    ["one that it can reach", [connector("A", at("0.0.0.0"))], "10.1.4.7", [], [add("A", "10.1.4.7")]],
    [
      "not one for this machine only",
      [connector("Local", at("127.0.0.1")), connector("A", at("10.9.9.9"))],
      "10.1.4.7",
      [],
      [add("A", "10.1.4.7")],
    ],
    [
      "this machine's own address may use that",
      [connector("Local", at("127.0.0.1"))],
      "127.0.0.9",
      [],
      [add("Local", "127.0.0.9")],
    ],
    [
      "the one at the endpoint it came to",
      [connector("A", at("0.0.0.0")), connector("B", at("0.0.0.0", 587))],
      "10.1.4.7",
      [at("10.9.9.9", 587)],
      [add("B", "10.1.4.7")],
    ],
    [
      "one of its own family, by its own address",
      [connector("A", at("0.0.0.0")), connector("Six", at("::"))],
      "2001:db8::17",
      [],
      [add("Six", "2001:db8::17")],
    ],
    [
      "else it must listen as well",
      [connector("Local", at("127.0.0.1", 2525), at("::1", 2525))],
      "10.1.4.7",
      [],
      [`Set-ReceiveConnector Local -Bindings '[::1]:2525,0.0.0.0:2525' -RemoteIPRanges "@{Add='10.1.4.7'}"`],
    ],
    ["served by now", [connector("A", at("0.0.0.0"))], "10.0.0.7", [], undefined],
    ["served there by now", [connector("A", at("0.0.0.0"))], "10.0.0.7", [at("10.9.9.9")], undefined],
    [
      "the one for it is disabled",
      [
        { ...connector("My own", at("0.0.0.0")), enabled: false },
        { ...connector("Elsewhere", at("0.0.0.0", 587)), enabled: false },
        receiveConnector({
          name: "B",
          bindings: [at("0.0.0.0")],
          remoteIpRanges: [ipRange("10.9.0.0/16")],
        }),
      ],
      "10.0.0.7",
      [at("10.9.9.9")],
      ["Enable-ReceiveConnector 'My own'", add("B", "10.0.0.7")],
    ],
    ["nothing is enabled", [], "10.0.0.7", [], []],
  ])("%s", (_, connectors, address, endpoints, expected) => {
    expect(advice(connectors, address, endpoints)).toEqual(expected);
  });
});
