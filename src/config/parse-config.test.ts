import { resolve } from "node:path";
import { describe, expect, it, test } from "vitest";
import { formatIpRange } from "../core/units/ip-range.ts";
import { defaultConfig } from "./default-config.ts";
import { formatFault } from "./fault.ts";
import { type ConfigResult, parseConfig, parseConfigValue } from "./parse-config.ts";
import type { Settings } from "./settings.ts";

const file = resolve("/etc/weir/weir.yaml");
const parse = (text: string, env = {}): ConfigResult =>
  parseConfig(text, { file, env, hostname: "relay.test" });

function settingsOf(result: ConfigResult): Settings {
  if (!result.ok) throw new Error(result.faults.map((fault) => formatFault(fault, "weir.yaml")).join("\n"));
  return result.settings;
}
const faultsOf = (result: ConfigResult): string[] =>
  result.ok ? [] : result.faults.map((fault) => formatFault(fault, "f").slice(2));
const warningsOf = (result: ConfigResult): string[] =>
  (result.warnings ?? []).map((warning) => formatFault(warning, "f").slice(2));

const usual = `
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:2525"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["[127.0.0.1]:2626"]
`;
/** The usual configuration with more lines in its receive connector. */
const receive = (lines: string): string =>
  usual.replace("sendConnectors:", `${indented(lines)}\nsendConnectors:`);
const send = (lines: string): string => `${usual}${indented(lines)}\n`;
const indented = (lines: string): string =>
  lines
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");

describe("a whole configuration", () => {
  const result = parse(`
hostname: Relay.Test
dataDirectory: ./data
receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:2525"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxInboundConnectionPerSource: unlimited
    maxInboundConnectionPercentagePerSource: 100
    maxMessageSize: 25MB
    tarpitInterval: 0s
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["[127.0.0.1]:2626"]
transport:
  transientFailureRetryInterval: 2s
  queueGlitchRetryInterval: 1s
  messageRetryInterval: 2s
admin:
  console: "127.0.0.1:8025"
`);
  const settings = settingsOf(result);

  it("has its values in the units of the code", () => {
    expect(settings).toMatchObject({
      hostname: "relay.test",
      dataDirectory: resolve("/etc/weir/data"),
      receiveConnectors: [
        {
          name: "AppRelay",
          fqdn: "relay.test",
          bindings: [{ address: "127.0.0.1", port: 2525 }],
          maxInboundConnectionPerSource: Infinity,
          maxInboundConnectionPercentagePerSource: 100,
          maxMessageSize: 26_214_400,
          tarpitInterval: 0,
        },
      ],
      sendConnectors: [{ kind: "smartHost", name: "Out", smartHosts: [{ host: "127.0.0.1", port: 2626 }] }],
      transport: {
        transientFailureRetryInterval: 2000,
        queueGlitchRetryInterval: 1000,
        messageRetryInterval: 2000,
        externalPostmasterAddress: "postmaster@relay.test",
      },
      admin: { console: { address: "127.0.0.1", port: 8025 } },
    });
  });

  it("has nothing to warn of", () => {
    expect(warningsOf(result)).toEqual([]);
  });

  it.each([
    ["admin: { console: 0.0.0.0:8025, tls: true }", []],
    ["metrics: { listen: [0.0.0.0:9464] }", [/metrics\.listen\[0\]: .*this host only/]],
    ["metrics: { listen: [0.0.0.0:9464], allow: [10.0.0.0/8] }", []],
    ['metrics: { listen: [0.0.0.0:9464], allow: ["0.0.0.0/0"] }', [/metrics\.listen\[0\]: .*everybody/]],
    ["metrics: { tls: false, tlsCertificateFile: a, tlsKeyFile: b }", [/metrics\.tls: .*no effect/]],
  ])("%s", (lines, warnings) => {
    expect(warningsOf(parse(`${usual}${lines}\n`))).toEqual(
      warnings.map((warning) => expect.stringMatching(warning) as string),
    );
  });

  it.each([
    ["metrics: { listen: 127.0.0.1:9464 }", /metrics\.listen: .*not a list/],
    ["metrics: { listen: [9464] }", /metrics\.listen\[0\]: /],
    ["metrics: { allow: [loopback] }", /metrics\.allow\[0\]: .*not an IP range/],
    ["metrics: { alow: [] }", /metrics\.alow: .*did you mean allow/],
    [
      "metrics: { listen: [127.0.0.1:2525] }",
      /metrics\.listen\[0\]: .*taken by receive connector "AppRelay"/,
    ],
    [
      "metrics: { listen: [127.0.0.1:1, 127.0.0.1:1] }",
      /metrics\.listen\[1\]: .*taken by metrics\.listen\[0\]/,
    ],
    [
      "metrics: { listen: [127.0.0.1:1] }\nadmin: { console: 127.0.0.1:1 }",
      /metrics\.listen\[0\]: .*taken by admin\.console/,
    ],
    ["admin: { tlsCertificateFile: a.pem }", /admin\.tlsCertificateFile: .*go together/],
    ["metrics: { tlsKeyFile: a.key }", /metrics\.tlsKeyFile: .*go together/],
  ])("%s is a fault", (lines, fault) => {
    expect(faultsOf(parse(`${usual}${lines}\n`))).toEqual([expect.stringMatching(fault) as string]);
  });

  it("a console that others can reach is warned of", () => {
    expect(warningsOf(parse("receiveConnectors: []\nadmin: { console: 0.0.0.0:8025 }\n")).join()).toMatch(
      /admin\.console: the console speaks HTTP without TLS/,
    );
  });

  it("tells what was set and what is a default", () => {
    const origin = (path: string) => (result.ok ? result.origins.get(path) : undefined);
    expect(origin("receiveConnectors[0].maxMessageSize")).toBe("set");
    expect(origin("receiveConnectors[0].maxHeaderSize")).toBe("default");
    expect(origin("sendConnectors[0].port")).toBe("default");
    expect(origin("transport.messageRetryInterval")).toBe("set");
    expect(origin("users")).toBe("default");
  });
});

test("the newcomer's configuration is fine", () => {
  const result = parse(defaultConfig);
  expect(warningsOf(result)).toEqual([]);
  expect(settingsOf(result).sendConnectors).toEqual([
    expect.objectContaining({
      kind: "drop",
      dropDirectory: resolve("/etc/weir/data/drop"),
      maxMessageSize: Infinity,
    }),
  ]);
});

describe("defaults", () => {
  it("are a new connector's", () => {
    expect(settingsOf(parse(usual)).receiveConnectors[0]).toMatchObject({
      enabled: true,
      authMechanism: ["Tls"],
      maxInboundConnection: 5000,
      maxInboundConnectionPerSource: 20,
      maxInboundConnectionPercentagePerSource: 2,
      messageRateLimit: Infinity,
      connectionTimeout: 600_000,
      connectionInactivityTimeout: 300_000,
      tarpitInterval: 5000,
      maxAcknowledgementDelay: 0,
      duplicateWindow: 0,
      maxMessageSize: 37_748_736,
      maxHeaderSize: 262_144,
      maxRecipientsPerMessage: 200,
      maxHopCount: 60,
      smtpUtf8Enabled: true,
      requireTlsExtensionEnabled: true,
      bareCarriageReturnRejectionEnabled: true,
      bareLinefeedRejectionEnabled: false,
      explainRefusals: undefined,
    });
  });

  test.each([
    ["Default RELAY1", Infinity, 100, 5000],
    ["default", Infinity, 100, 5000],
    ["Default Frontend RELAY1", 20, 2, 200],
    ["Defaulter", 20, 2, 200],
  ])("of a connector named %s", (name, perSource, percentage, recipients) => {
    const [connector] = settingsOf(parse(usual.replace("AppRelay", name))).receiveConnectors;
    expect(connector).toMatchObject({
      maxInboundConnectionPerSource: perSource,
      maxInboundConnectionPercentagePerSource: percentage,
      maxRecipientsPerMessage: recipients,
      permissionGroups: ["AnonymousUsers"],
    });
  });

  test.each([
    [
      "client",
      "",
      ["0.0.0.0:587"],
      ["10.0.0.0/8"],
      ["ExchangeUsers"],
      ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
    ],
    ["internal", "", ["0.0.0.0:25"], ["10.0.0.0/8"], ["ExchangeServers", "ExchangeLegacyServers"], ["Tls"]],
    ["internet", 'bindings: ["127.0.0.1:25"]', ["127.0.0.1:25"], ["0.0.0.0/0"], ["AnonymousUsers"], ["Tls"]],
    [
      "default",
      "",
      ["0.0.0.0:25", ":::25"],
      ["0.0.0.0/0", "::/0"],
      ["ExchangeUsers", "ExchangeServers", "ExchangeLegacyServers"],
      ["Tls", "BasicAuth"],
    ],
  ])("of usage %s", (usage, more, bindings, ranges, groups, auth) => {
    const needsRanges = usage === "client" || usage === "internal";
    const text = `receiveConnectors:\n  - name: A\n    usage: ${usage}\n    ${more}\n    ${needsRanges ? "remoteIpRanges: [10.0.0.0/8]" : ""}\n`;
    const [connector] = settingsOf(parse(text)).receiveConnectors;
    expect(connector?.bindings.map(({ address, port }) => `${address}:${port}`)).toEqual(bindings);
    expect(connector?.remoteIpRanges.map(formatIpRange)).toEqual(ranges);
    expect(connector?.permissionGroups).toEqual(groups);
    expect(connector?.authMechanism).toEqual(auth);
  });

  it("of usage give way to what is written", () => {
    const [connector] = settingsOf(
      parse(receive("usage: default\nmaxRecipientsPerMessage: 7")),
    ).receiveConnectors;
    expect(connector).toMatchObject({ maxRecipientsPerMessage: 7, permissionGroups: ["AnonymousUsers"] });
    expect(connector?.bindings).toEqual([{ address: "127.0.0.1", port: 2525 }]);
  });

  it("of send connectors and transport", () => {
    const { sendConnectors, transport } = settingsOf(parse(usual.replace(":2626", "")));
    expect(sendConnectors[0]).toMatchObject({
      smartHosts: [{ host: "127.0.0.1", port: 25 }],
      maxMessageSize: 36_700_160,
      smtpMaxMessagesPerConnection: 20,
      connectionInactivityTimeOut: 600_000,
      maxConcurrentConnections: 20,
    });
    expect(transport).toMatchObject({
      queueGlitchRetryCount: 4,
      queueGlitchRetryInterval: 60_000,
      transientFailureRetryCount: 6,
      transientFailureRetryInterval: 300_000,
      outboundConnectionFailureRetryInterval: 600_000,
      messageRetryInterval: 900_000,
      delayNotificationTimeout: 14_400_000,
      messageExpirationTimeout: 172_800_000,
      maxOutboundConnections: 1000,
      retryJitter: 0.1,
      maxConnectionRatePerMinute: Infinity,
      externalPostmasterAddress: "postmaster@relay.test",
      dsnMaxMessageAttachSize: 10_485_760,
    });
  });
});

test("other spellings are taken", () => {
  const text = receive(
    "requireTLS: true\nrequireEHLODomain: true\nsmtpUTF8Enabled: false\nconnectionInactivityTimeOut: 1m",
  )
    .replace("remoteIpRanges", "remoteIPRanges")
    .concat("    connectionInactivityTimeout: 2m\n");
  const settings = settingsOf(parse(text));
  expect(settings.receiveConnectors[0]).toMatchObject({
    requireTls: true,
    requireEhloDomain: true,
    smtpUtf8Enabled: false,
    connectionInactivityTimeout: 60_000,
  });
  expect(settings.sendConnectors[0]).toMatchObject({ connectionInactivityTimeOut: 120_000 });
});

test("all faults come at once, in the order of the file, at their places", () => {
  const result = parse(`hostnam: relay.test
receiveConnectors:
  - name: A
    bindings: ["127.0.0.1:25", "localhost:25"]
    remoteIpRanges: [10.0.0.0/33]
    MaxInboundConnection: 50
    permissionGroups: [AnonymusUsers]
    tarpitInterval: 5
    requireTls: true
    authMechanism: [None]
    dropDirectory: x
  - nmae: B
    usage: default
sendConnectors:
  - name: Out
    addressSpaces: ["contoso.com;500"]
`);
  expect(faultsOf(result)).toEqual([
    "1:1 hostnam: unknown setting; did you mean hostname?",
    '4:32 receiveConnectors[0].bindings[1]: "localhost" is not an IP address; a binding cannot be a name',
    '5:22 receiveConnectors[0].remoteIpRanges[0]: "10.0.0.0/33" has a prefix above 32',
    "6:5 receiveConnectors[0].MaxInboundConnection: unknown setting; did you mean maxInboundConnection?",
    '7:24 receiveConnectors[0].permissionGroups[0]: "AnonymusUsers" is not one of None, AnonymousUsers, ExchangeUsers, ExchangeServers, ExchangeLegacyServers, Partners; did you mean AnonymousUsers?',
    '8:21 receiveConnectors[0].tarpitInterval: "5" is a number without a unit; write it like 30s, 5m, 1h30m or 00:05:00',
    "9:17 receiveConnectors[0].requireTls: needs Tls in authMechanism",
    "11:5 receiveConnectors[0].dropDirectory: unknown setting here; it belongs to sendConnectors",
    "12:5 receiveConnectors[1].name: is missing",
    "12:5 receiveConnectors[1].nmae: unknown setting; did you mean name?",
    "15:5 sendConnectors[0]: has no next hop; give smartHosts, dnsRoutingEnabled: true (delivery by MX record) or dropDirectory",
    '16:21 sendConnectors[0].addressSpaces[0]: "contoso.com;500" has no cost from 1 to 100 behind the semicolon',
  ]);
});

test("a name like none of a small section's is answered with those it has", () => {
  const result = parse("hostname: a.example\napplications:\n  - { name: ERP, ranges: [10.0.0.1] }\n");
  expect(faultsOf(result)).toContainEqual(
    expect.stringMatching(
      /^3:\d+ applications\[0\]\.ranges: unknown setting; here are name, .*addresses, .*users/,
    ),
  );
});

test("no fault hides another: neither of a connector, a list or a section, nor of the text", () => {
  const result = parse(`hostname: a.example
hostname: b.example
receiveConnectors:
  - name: A
    bindings: ["127.0.0.1:25"]
    remoteIpRanges: ["10.0.0.0/8"]
    permissionGroups: [Anonymous]
  - name: a
    bindings: ["127.0.0.1:25"]
    remoteIpRanges: ["10.0.0.0/8"]
    tarpitInterval: soon
sendConnectors:
  - name: Out
    smartHosts: [smtp.example]
    port: none
    smartHostAuthMechanism: BasicAuth
    authenticationCredential: { userName: u }
  - name: out
    smartHosts: [smtp.example]
    addressSpaces: ["*"]
users:
  - { name: ann, password: hunter2, role: admin }
  - { name: Ann, password: hunter2 }
applications:
  - { name: ERP, addresses: ["10.0.0"] }
  - { name: erp }
diagnostics:
  levels: { SmtpRecieve: High, SmtpSend: Loud }
admin: { console: here, tlsKeyFile: key.pem }
`);
  expect(faultsOf(result).map((fault) => fault.replace(/^\d+:\d+ /, "").slice(0, 90))).toEqual([
    '"hostname" is given twice',
    expect.stringMatching(/^receiveConnectors\[0\]\.permissionGroups\[0\]: "Anonymous" is not one of/),
    'receiveConnectors[1].name: "a" is taken by entry 1 of the list',
    expect.stringMatching(/^receiveConnectors\[1\]\.remoteIpRanges\[0\]: 10\.0\.0\.0\/8 is the same range/),
    expect.stringMatching(/^receiveConnectors\[1\]\.tarpitInterval: /),
    expect.stringMatching(/^sendConnectors\[0\]\.addressSpaces: is missing/),
    expect.stringMatching(/^sendConnectors\[0\]\.port: /),
    expect.stringMatching(/^sendConnectors\[0\]\.authenticationCredential: needs exactly one of/),
    'sendConnectors[1].name: "out" is taken by entry 1 of the list',
    expect.stringMatching(/^users\[0\]\.password: is not a password hash/),
    expect.stringMatching(/^users\[0\]\.role: unknown setting/),
    'users[1].name: "Ann" is taken by entry 1 of the list',
    expect.stringMatching(/^users\[1\]\.password: is not a password hash/),
    expect.stringMatching(/^applications\[0\]\.addresses\[0\]: /),
    'applications[1].name: "erp" is taken by entry 1 of the list',
    expect.stringMatching(/^diagnostics\.levels\.SmtpRecieve: unknown category/),
    expect.stringMatching(/^diagnostics\.levels\.SmtpSend: /),
    expect.stringMatching(/^admin\.console: /),
    "admin.tlsKeyFile: tlsCertificateFile and tlsKeyFile go together; give both or none",
  ]);
  expect(faultsOf(result)[1]).toMatch(/did you mean AnonymousUsers\?$/);
});

describe("text that is no configuration", () => {
  test.each([
    ["", /empty/],
    ["# nothing\n", /empty/],
    ["- a\n", /not a set of settings/],
    ["hostname: a\nhostname: b\n", /^2:1 "hostname" is given twice/m],
    ["a: 1\n".repeat(2000), /given twice/],
    ["a: [", /^1:\d+ /],
    ["a: 1\n---\nb: 2\n", /more than one YAML document/],
    ["hostname: !secret x\n", /tag/i],
    [`a: &a [x]\nb: [${"*a,".repeat(200)}]\nc: &c [${"*b,".repeat(9)}]\n`, /alias/i],
    [`hostname: ${"[".repeat(400_000)}`, /nested too deeply/],
    ["- ".repeat(400_000), /nested too deeply/],
    [`# ${"x".repeat(1_000_001)}`, /larger than/],
    ["a: &a [*a]\n", /unknown setting|alias/i],
  ])("%j", (text, message) => {
    expect(faultsOf(parse(text)).join("\n")).toMatch(message);
  });

  it("may be any value from an embedder", () => {
    for (const value of [null, undefined, 1, "x", [], () => 1, new Map()]) {
      expect(parseConfigValue(value, { file }).ok).toBe(false);
    }
    expect(parseConfigValue({ receiveConnectors: [] }, { file }).ok).toBe(true);
  });
});

test("a section with nothing in it is an empty one, a setting without value is a fault", () => {
  expect(settingsOf(parse("receiveConnectors:\nsendConnectors:\ntransport:\nusers:\n")).users).toEqual([]);
  expect(faultsOf(parse(receive("maxMessageSize:")))[0]).toMatch(/maxMessageSize: has no value/);
  expect(faultsOf(parse("sendConnectors: []\n"))).toEqual(["1:1 receiveConnectors: is missing"]);
});

describe("one receive connector", () => {
  test.each([
    ["authMechanism: [None, Tls]", /authMechanism: None stands alone/],
    ["authMechanism: [Tls, BasicAuthRequireTLS]", /BasicAuthRequireTLS needs BasicAuth and Tls/],
    ["authMechanism: [BasicAuth, BasicAuthRequireTLS]", /BasicAuthRequireTLS needs BasicAuth and Tls/],
    [
      "authMechanism: [ExternalAuthoritative]",
      /permissionGroups: ExternalAuthoritative .* needs ExchangeServers/,
    ],
    [
      "authMechanism: [ExternalAuthoritative, BasicAuth]",
      /authMechanism: ExternalAuthoritative allows only Tls/,
    ],
    ["requireTls: true\nauthMechanism: [BasicAuth]", /requireTls: needs Tls/],
    ["chunkingEnabled: false\nbinaryMimeEnabled: true", /binaryMimeEnabled: needs chunkingEnabled/],
    [
      "connectionInactivityTimeout: 10m",
      /connectionInactivityTimeout: 10m must be less than connectionTimeout, 10m/,
    ],
    [
      "connectionTimeout: 1m",
      /connectionTimeout: 1m must be more than connectionInactivityTimeout, by default 5m/,
    ],
    ["tlsKeyFile: k.pem", /tlsKeyFile: .* go together/],
    ["maxMessageSize: 1KB", /out of range: 64 KB/],
    ["maxInboundConnection: 0", /0 is not a whole number from 1 to 2147483647, or unlimited/],
    ['maxInboundConnection: "5"', /"5" is not a whole number/],
    ["maxHopCount: unlimited", /"unlimited" is not a whole number/],
    ["maxInboundConnectionPercentagePerSource: 0", /out of range: 1 to 100/],
    ["enabled: yes", /"yes" is not true or false/],
    ["authMechanism: Tls", /"Tls" is not a list; write it like \["Tls"\]/],
    ["authMechanism: [Integrated]", /Integrated is not supported/],
    ['banner: "220 a\\r\\n220 b"', /line break/],
    ["fqdn: my_host", /underscore/],
    [`comment: ${"x".repeat(1001)}`, /longer than 1000/],
    [
      "connectionInactivityTimeout: 1m\nconnectionInactivityTimeOut: 2m",
      /given twice, once as connectionInactivityTimeOut/,
    ],
    ["tlsCertificateName: x", /not supported: .*tlsCertificateFile/],
    ["TransportRole: HubTransport", /not supported: .*leave it out/],
    ["maxLocalHopCount: 8", /not supported: .*maxHopCount/],
    ["domainSecureEnabled: true", /not supported/],
    ["__proto__: 1", /unknown setting/],
  ])("%j is refused", (lines, message) => {
    expect(faultsOf(parse(receive(lines))).join("\n")).toMatch(message);
  });

  it("has binaryMimeEnabled follow chunkingEnabled", () => {
    expect(settingsOf(parse(receive("chunkingEnabled: false"))).receiveConnectors[0]?.binaryMimeEnabled).toBe(
      false,
    );
  });

  it("takes a banner with and without 220", () => {
    for (const banner of ['"220 mail ready"', "mail ready"]) {
      expect(settingsOf(parse(receive(`banner: ${banner}`))).receiveConnectors[0]?.banner).toBe("mail ready");
    }
  });
});

describe("several receive connectors", () => {
  const two = (a: string, b: string): ConfigResult =>
    parse(
      [a, b]
        .map((line, index) => {
          const [bindings, ranges, ...more] = line.split(" ");
          return `  - {name: C${index}, bindings: ["${bindings}"], remoteIpRanges: ["${ranges}"] ${more.join(" ")}}\n`;
        })
        .reduce((text, entry) => text + entry, "receiveConnectors:\n"),
    );

  test.each([
    ["127.0.0.1:25 10.0.0.0/8", "127.0.0.1:25 10.0.0.0/8", /same range/],
    ["127.0.0.1:25 10.0.0.0-10.0.0.9", "127.0.0.1:25 10.0.0.5-10.0.0.20", /partly overlaps/],
    ["0.0.0.0:25 10.0.0.0/8", "127.0.0.1:25 10.0.0.0/8", /also listens on 127.0.0.1:25/],
    ["[::1]:25 ::/0", "[::]:25 ::/0", /also listens on \[::1\]:25/],
    ["127.0.0.1:0 10.0.0.0/8", "127.0.0.1:0 10.0.0.0/8", /same range/],
  ])("%s beside %s is refused", (a, b, message) => {
    expect(faultsOf(two(a, b))[0]).toMatch(message);
  });

  test.each([
    ["127.0.0.1:25 10.0.0.0/8", "127.0.0.1:25 10.1.0.0/16"],
    ["127.0.0.1:25 10.0.0.0/8", "127.0.0.1:26 10.0.0.0/8"],
    ["127.0.0.1:25 10.0.0.0/8", "127.0.0.2:25 10.0.0.0/8"],
    ["0.0.0.0:25 10.0.0.0/8", "[::]:25 10.0.0.0/8"],
    ["127.0.0.1:25 10.0.0.0/8", "127.0.0.1:25 10.0.0.0/8 ,enabled: false"],
    ["127.0.0.1:25 10.0.0.0/8", "127.0.0.1:25 11.0.0.0/8"],
  ])("%s beside %s is fine", (a, b) => {
    expect(faultsOf(two(a, b))).toEqual([]);
  });

  it("need names of their own", () => {
    const text = usual.replace(
      "sendConnectors:",
      '  - {name: APPRELAY, bindings: ["127.0.0.1:1"], remoteIpRanges: ["10.0.0.1"]}\nsendConnectors:',
    );
    expect(faultsOf(parse(text))[0]).toMatch(/"APPRELAY" is taken by entry 1/);
  });
});

describe("one send connector", () => {
  test.each([
    ["dropDirectory: drop", /one of the two/],
    ["requireTls: true\nignoreStartTls: true", /ignoreStartTls: must be false/],
    ["tlsAuthLevel: CertificateValidation", /tlsAuthLevel: needs requireTls/],
    ["requireTls: true\ntlsAuthLevel: DomainValidation", /needs tlsDomain/],
    ["smartHostAuthMechanism: BasicAuth", /needs authenticationCredential/],
    ["authenticationCredential: {userName: a}", /exactly one of password/],
    ["authenticationCredential: {userName: a, passwordEnv: NOT_THERE}", /NOT_THERE is not set/],
    ["authenticationCredential: {userName: a, passwordFile: /nowhere/at/all}", /cannot be read/],
    ["smartHostAuthMechanism: ExchangeServer", /ExchangeServer is not supported/],
    ["dnsRoutingEnabled: true", /dnsRoutingEnabled: stands beside smartHosts/],
    ["maxPerDomainOutboundConnections: 5", /means nothing without dnsRoutingEnabled: true/],
    ["port: 0", /port: 0 is not a whole number from 1/],
  ])("%j is refused", (lines, message) => {
    expect(faultsOf(parse(send(lines)))[0]).toMatch(message);
  });

  describe("by MX record", () => {
    const byMx = (lines: string): ReturnType<typeof parse> =>
      parse(send(`dnsRoutingEnabled: true\n${lines}`).replace(/^ *smartHosts: .*\n/m, ""));

    it("goes to the exchangers of each domain, at 25, with its own limits", () => {
      const [connector] = settingsOf(
        byMx("maxPerDomainOutboundConnections: 5\nsiteMessageRateLimit: 60"),
      ).sendConnectors;
      expect(connector).toMatchObject({
        kind: "dns",
        mtaSts: "enforce",
        smartHosts: [],
        port: 25,
        maxConcurrentConnections: 5,
        siteMessageRateLimit: 60,
      });
    });

    test.each([
      ["dropDirectory: x", /dnsRoutingEnabled: stands beside dropDirectory/],
      ["maxConcurrentConnections: 5", /means nothing with dnsRoutingEnabled; use maxPerDomainOutbound/],
      ["messageRateLimit: 5", /means nothing with dnsRoutingEnabled; take it out/],
      ["preset: google", /preset: means nothing with dnsRoutingEnabled/],
      [
        "smartHostAuthMechanism: BasicAuth\nauthenticationCredential: {userName: a, password: b}",
        /means nothing with dnsRoutingEnabled|must be None/,
      ],
    ])("%j is refused", (lines, message) => {
      expect(faultsOf(byMx(lines)).join("\n")).toMatch(message);
    });
  });

  it("may not set up sending and drop", () => {
    const text = usual.replace(
      'smartHosts: ["[127.0.0.1]:2626"]',
      "dropDirectory: drop\n    port: 26\n    forceHelo: true",
    );
    expect(faultsOf(parse(text))).toEqual([
      "12:11 sendConnectors[0].port: means nothing beside dropDirectory; take it out",
      "13:16 sendConnectors[0].forceHelo: means nothing beside dropDirectory; take it out",
    ]);
  });

  it("finds its password", () => {
    const password = (credential: string): unknown => {
      const result = parseConfig(
        send(
          `smartHostAuthMechanism: BasicAuthRequireTLS\nauthenticationCredential: {userName: u, ${credential}}`,
        ),
        {
          file,
          env: { SMARTHOST: "from env" },
          readText: (path) => (path === resolve("/etc/weir/p.txt") ? "from file\nrest" : ""),
        },
      );
      const [connector] = settingsOf(result).sendConnectors;
      return connector?.kind === "smartHost" ? connector.authenticationCredential : undefined;
    };
    expect(password("password: in clear")).toEqual({ userName: "u", password: "in clear" });
    expect(password("passwordEnv: SMARTHOST")).toEqual({ userName: "u", password: "from env" });
    expect(password("passwordFile: p.txt")).toEqual({ userName: "u", password: "from file" });
  });
});

describe("the rest", () => {
  const hash = "$scrypt$ln=15,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

  it("takes accepted domains, users and levels", () => {
    const settings = settingsOf(
      parse(
        `${usual}acceptedDomains: [Contoso.com, "*.bücher.example"]\nusers: [{name: app, password: "${hash}"}]\ndiagnostics: {levels: {"MSExchangeTransport\\\\SmtpReceive": Expert, dsn: Low}}\n`,
      ),
    );
    expect(settings.acceptedDomains).toEqual([
      { domain: "contoso.com", subdomains: false },
      { domain: "xn--bcher-kva.example", subdomains: true },
    ]);
    expect(settings.users).toEqual([{ name: "app", passwordHash: hash, certificates: [] }]);
    expect(settings.diagnostics.levels).toEqual({
      "MSExchangeTransport\\SmtpReceive": "Expert",
      "MSExchangeTransport\\DSN": "Low",
    });
  });

  test.each([
    ['acceptedDomains: ["*"]', /relay to everywhere/],
    ["acceptedDomains: [a..b]", /not a domain/],
    ["users: [{name: a, password: hunter2}]", /not a password hash.*weir hash-password/],
    [`users: [{name: a, password: "${hash}"}, {name: A, password: "${hash}"}]`, /"A" is taken/],
    ["apiKeys: [{name: a, keyHash: weir_hunter2}]", /not the hash of an API key.*weir New-ApiKey/],
    [
      `apiKeys: [{name: a, keyHash: "sha256:${"0".repeat(64)}"}, {name: b, keyHash: "sha256:${"0".repeat(64)}"}]`,
      /key of entry 1, too/,
    ],
    [
      `apiKeys: [{name: a, keyHash: "sha256:${"0".repeat(64)}", application: Shop}]`,
      /apiKeys\[0\]\.application: there is no application Shop/,
    ],
    ...["http://idp.example.com", "urn:idp"].map((issuer): [string, RegExp] => [
      `tokenIssuers: [{name: I, issuer: "${issuer}", audiences: [a]}]`,
      /issuer.*anybody on the way.*jwksUri/,
    ]),
    [
      "diagnostics: {levels: {SmtpRecieve: Expert}}",
      /unknown category.*did you mean MSExchangeTransport\\SmtpReceive/,
    ],
    ["transport: {retryJitter: 2}", /2 is not a number from 0 to 1/],
    ["transport: {maxPerDomainOutboundConnections: 2}", /maxConcurrentConnections/],
    ["transport: {ownAddresses: ['203.0.113.300']}", /neither an IP address nor a name/],
    ["transport: {externalDnsServers: [dns.example]}", /not the address of a DNS server/],
    ["transport: {externalPostmasterAddress: nobody}", /is not/],
    ["admin: {console: 8025}", /is not a text/],
    ["hostname: 10.0.0.1", /not a domain name/],
    ["dataDirectory: 5", /not a text/],
  ])("%j is refused", (line, message) => {
    const faults = faultsOf(parse(`${usual}${line}\n`));
    expect(faults[0]).toMatch(message);
    expect(faults.join()).not.toContain("hunter2");
  });
});

test("one port does not speak SMTP and HTTP, and the fault stands where HTTP was asked for", () => {
  expect(faultsOf(parse(receive('httpBindings: ["127.0.0.1:8587", "0.0.0.0:2525"]')))).toEqual([
    expect.stringMatching(/receiveConnectors\[0\]\.httpBindings\[1\]: connector "AppRelay" speaks SMTP on /),
  ]);
});

test("an application with a certificate and no user logs on in its own name", () => {
  const { applications } = settingsOf(
    parse(
      `${usual}applications: [{name: a, certificates: ["CN=x"]}, {name: b, certificates: ["CN=y"], users: [c]}, {name: d}]\n`,
    ),
  );
  expect(applications.map(({ name, users }) => [name, users])).toEqual([
    ["a", ["a"]],
    ["b", ["c"]],
    ["d", []],
  ]);
});

describe("warnings", () => {
  test.each([
    ["", /^$/],
    [
      "remoteIpRanges: [0.0.0.0/0]",
      /receiveConnectors\[0\]\.remoteIpRanges: this connector relays for the whole Internet: clients from 0\.0\.0\.0\/0 may/,
    ],
    ["remoteIpRanges: [0.0.0.0-127.255.255.255, 128.0.0.0-255.255.255.255]", /whole Internet/],
    ["remoteIpRanges: [44.0.0.0/8]", /whole Internet/],
    ['remoteIpRanges: ["::/0"]', /whole Internet/],
    ["remoteIpRanges: [10.0.0.0/8, 192.168.0.0/16, 203.0.113.0/24]", /^$/],
    [
      "remoteIpRanges: [0.0.0.0/0]\nenabled: false",
      /^\S+ receiveConnectors: no receive connector is enabled/,
    ],
    [
      "remoteIpRanges: [0.0.0.0/0]\nanonymousRelay: false",
      /^\S+ receiveConnectors: every recipient will be refused/,
    ],
    [
      "remoteIpRanges: [0.0.0.0/0]\nauthMechanism: [ExternalAuthoritative]\npermissionGroups: [ExchangeServers]\nanonymousRelay: false",
      /whole Internet/,
    ],
    [
      "permissionGroups: [Partners]",
      /receiveConnectors\[0\]\.anonymousRelay: has no effect without AnonymousUsers/,
    ],
    [
      "permissionGroups: [None]\nanonymousRelay: false",
      /receiveConnectors\[0\]\.permissionGroups: this connector accepts no mail/,
    ],
    [
      "authMechanism: [Tls, BasicAuth]",
      /receiveConnectors\[0\]\.authMechanism: .* there are no users who could log on/,
    ],
    ["maxInboundConnectionPerSource: 500", /500 is never reached: .* 2 % of 5000, allows 100 at most/],
    ["maxInboundConnectionPerSource: unlimited", /unlimited is never reached/],
    ["maxInboundConnectionPerSource: unlimited\nmaxInboundConnection: unlimited", /^$/],
    ["maxInboundConnectionPerSource: 100", /^$/],
    [
      "maxInboundConnectionPerSource: 101",
      /receiveConnectors\[0\]\.maxInboundConnectionPerSource: 101 is never/,
    ],
    ["maxInboundConnectionPerSource: 5\nmaxInboundConnection: 10", /2 % of 10, allows 1 at most/],
    [
      "authMechanism: [ExternalAuthoritative]\npermissionGroups: [ExchangeServers]",
      /^[^\n]*anonymousRelay: has no/,
    ],
    ["authMechanism: [Tls]\npermissionGroups: [ExchangeServers]", /accepts no mail/],
    ["authMechanism: [Tls]\npermissionGroups: [ExchangeUsers]", /accepts no mail/],
    [
      'authMechanism: [Tls]\npermissionGroups: [ExchangeUsers]\nanonymousRelay: false\nhttpBindings: ["127.0.0.1:8587"]',
      /^[^\n]*\.httpBindings: it takes mail of clients with API keys only, and there are none/,
    ],
  ])("%j", (lines, message) => {
    const names = lines.split("\n").map((line) => line.split(":", 1)[0] ?? "");
    const rest = usual
      .split("\n")
      .filter((line) => !names.some((name) => name !== "" && line.trim().startsWith(`${name}:`)))
      .join("\n");
    const result = parse(rest.replace("sendConnectors:", `${indented(lines)}\nsendConnectors:`));
    expect(faultsOf(result)).toEqual([]);
    expect(warningsOf(result).join("\n")).toMatch(message);
  });

  test("a certificate that is somebody's already", () => {
    const result = parse(
      `${usual}users: [{name: a, certificates: ["CN=x,O=y"]}]\napplications: [{name: b, certificates: ["CN=z", "O=y, CN=x"]}]\n`,
    );
    expect(warningsOf(result).join("\n")).toMatch(
      /applications\[0\]\.certificates\[1\]: is a's already, and logs on as that one/,
    );
  });

  test.each([
    [
      'addressSpaces: ["*"]',
      "addressSpaces: [contoso.com]",
      /^\S+ sendConnectors: .* waits in the unreachable queue/,
    ],
    [
      "sendConnectors:",
      "transport: {delayNotificationTimeout: 3d}\nsendConnectors:",
      /transport\.delayNotificationTimeout: nobody is told of delays/,
    ],
    [
      "smartHosts:",
      "smartHostAuthMechanism: BasicAuth\n    authenticationCredential: {userName: a, password: b}\n    smartHosts:",
      /password in clear/,
    ],
  ])("%j becoming %j", (from, to, message) => {
    expect(warningsOf(parse(usual.replace(from, to)))[0]).toMatch(message);
  });
});
