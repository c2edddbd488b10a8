/** One property of a virtual server at a time, to the setting it becomes. */
import { describe, expect, test } from "vitest";
import type { ImportedPart } from "../finding.ts";
import { readXml } from "../xml-tree.ts";
import { importIisSmtp, type IisSmtpImport } from "./import-iis-smtp.ts";
import { smtpServers } from "./metabase.ts";

type Values = Readonly<Record<string, string>>;
interface Given {
  readonly server?: Values;
  readonly service?: Values;
  readonly custom?: Values;
  readonly domains?: Readonly<Record<string, Values>>;
}

const attributes = (values: Values): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join("");

function metabase({ server = {}, service = {}, custom = {}, domains = {} }: Given): string {
  const customs = Object.entries(custom).map(([name, value]) => `<Custom Name="${name}" Value="${value}"/>`);
  const elements = Object.entries(domains).map(
    ([name, values]) => `<IIsSmtpDomain Location="/LM/SmtpSvc/1/Domain/${name}"${attributes(values)}/>`,
  );
  return `<configuration><MBProperty><IIsSmtpService Location="/LM/SmtpSvc"${attributes(service)}/><IIsSmtpServer Location="/LM/SmtpSvc/1"${attributes(server)}>${customs.join("")}</IIsSmtpServer><IIsSmtpServer Location="/LM/W3SVC/1"/>${elements.join("")}<IIsSmtpDomain Location="/LM/SmtpSvc/2/Domain/else.test" RouteAction="1"/></MBProperty></configuration>`;
}

async function iis(given: Given, more: Partial<IisSmtpImport> = {}): Promise<readonly ImportedPart[]> {
  const root = await readXml(metabase(given));
  if (!root.ok) throw new Error(root.message);
  return importIisSmtp(smtpServers(root.value), {
    relayRanges: ["10.0.0.0/8"],
    smartHosts: ["next.test"],
    known: [],
    ...more,
  });
}
function settings(
  parts: readonly ImportedPart[],
  name: string,
): Readonly<Record<string, unknown>> | undefined {
  const edit = parts.flatMap(({ edits }) => edits).find((each) => each.kind === "add" && each.name === name);
  return edit?.kind === "add" ? edit.settings : undefined;
}
const told = (parts: readonly ImportedPart[], property: string): string[] => [
  ...new Set(
    parts
      .flatMap(({ findings }) => findings.filter((each) => each.property === property))
      .map(({ outcome }) => outcome),
  ),
];
const added = (parts: readonly ImportedPart[]): string[] =>
  parts.flatMap(({ edits }) => edits.flatMap((edit) => (edit.kind === "add" ? [edit.name] : [])));

describe("a virtual server", () => {
  const usual = {
    bindings: ["0.0.0.0:25"],
    remoteIpRanges: ["10.0.0.0/8"],
    authMechanism: ["None"],
    permissionGroups: ["AnonymousUsers"],
    anonymousRelay: true,
    maxInboundConnectionPerSource: "unlimited",
    maxInboundConnectionPercentagePerSource: 100,
  };
  const users = { authMechanism: ["BasicAuth"], permissionGroups: ["AnonymousUsers", "ExchangeUsers"] };
  test.each<[Values, Record<string, unknown>]>([
    [{}, {}],
    [{ ServerBindings: ":26:" }, { bindings: ["0.0.0.0:26"] }],
    [{ ServerBindings: "10.0.0.1:25: :2525:" }, { bindings: ["10.0.0.1:25", "0.0.0.0:2525"] }],
    [{ ServerBindings: "odd" }, {}],
    [{ MaxMessageSize: "2097152" }, { maxMessageSize: "2MB" }],
    [{ MaxMessageSize: "0" }, { maxMessageSize: "2147483647" }],
    [{ MaxMessageSize: "all" }, {}],
    [{ MaxRecipients: "70" }, { maxRecipientsPerMessage: 70 }],
    [{ MaxConnections: "70" }, { maxInboundConnection: 70 }],
    [{ MaxConnections: "0" }, { maxInboundConnection: "unlimited" }],
    [{ MaxConnections: "2000000000" }, { maxInboundConnection: "unlimited" }],
    [{ MaxConnections: "many" }, {}],
    [{ HopCount: "20" }, { maxHopCount: 20 }],
    [{ FullyQualifiedDomainName: "web.a.test" }, { fqdn: "web.a.test" }],
    [{ ConnectionTimeout: "120" }, { connectionInactivityTimeout: "2m" }],
    [{ ConnectionTimeout: "599" }, { connectionInactivityTimeout: "9m59s" }],
    [{ ConnectionTimeout: "600" }, { connectionInactivityTimeout: "10m", connectionTimeout: "1h" }],
    [{ AuthFlags: "1" }, {}],
    [{ AuthFlags: "2" }, users],
    [{ AuthFlags: "4" }, {}],
    [{ AuthFlags: "7" }, users],
    [{ AuthFlags: "AuthAnonymous | AuthBasic" }, users],
    [{ AuthFlags: "AuthAnonymous" }, {}],
    [{ AuthBasic: "True" }, users],
    [{ AuthBasic: "-1" }, users],
    [{ AuthBasic: "0" }, {}],
    [{ AuthFlags: "2", RelayForAuth: "True" }, users],
    [{ AuthFlags: "2", RelayForAuth: "0" }, {}],
    [{ SSLCertHash: "ab" }, { authMechanism: undefined }],
    [
      { SSLCertHash: "ab", AuthFlags: "2" },
      { ...users, authMechanism: ["Tls", "BasicAuth"] },
    ],
  ])("%j", async (server, expected) => {
    const wanted = Object.entries({ ...usual, ...expected }).filter(([, value]) => value !== undefined);
    expect(settings(await iis({ server }), "IIS SMTP 1")).toEqual(Object.fromEntries(wanted));
  });

  test.each<[string, Values, string]>([
    ["its comment", { ServerComment: "Door" }, "Door"],
    ["its comment in brackets", { ServerComment: "[Door 1]" }, "Door 1"],
    ["a long comment", { ServerComment: "x".repeat(60) }, "x".repeat(50)],
    ["none", {}, "IIS SMTP 1"],
  ])("is named by %s", async (_, server, name) => {
    expect(added(await iis({ server }))[0]).toBe(name);
  });

  test("takes from the service what it has not itself, and properties of either form", async () => {
    const parts = await iis({
      service: { HopCount: "20", MaxRecipients: "70" },
      server: { HopCount: "30" },
      custom: { MaxConnections: "5", Location: "x" },
    });
    expect(settings(parts, "IIS SMTP 1")).toMatchObject({
      maxHopCount: 30,
      maxRecipientsPerMessage: 70,
      maxInboundConnection: 5,
    });
    expect(told(parts, "Location")).toEqual([]);
  });

  test.each<[string, Given, string[]]>([
    ["who may relay", {}, ["IIS SMTP 1"]],
    ["users", { server: { AuthFlags: "2" } }, ["IIS SMTP 1", "IIS SMTP 1 (others)"]],
    [
      "others, for domains",
      { domains: { "a.test": { RouteAction: "1" } } },
      ["IIS SMTP 1", "IIS SMTP 1 (others)"],
    ],
  ])("has connectors for %s", async (_, given, names) => {
    expect(added(await iis(given, { smartHosts: undefined }))).toEqual([...names, "Internet"]);
  });

  test("others may not relay, and come from anywhere", async () => {
    const parts = await iis({ server: { AuthFlags: "2" }, domains: { "a.test": { RouteAction: "1" } } });
    const { anonymousRelay: _, ...others } = usual;
    expect(settings(parts, "IIS SMTP 1 (others)")).toEqual({
      ...others,
      ...users,
      remoteIpRanges: ["0.0.0.0/0"],
    });
    const onlyUsers = await iis({ server: { AuthFlags: "2" } });
    expect(settings(onlyUsers, "IIS SMTP 1 (others)")).toMatchObject({ permissionGroups: ["ExchangeUsers"] });
    expect(onlyUsers.flatMap(({ toDo }) => toDo).map(({ command }) => command)).toEqual([
      "weir New-User NAME",
      "weir New-User NAME",
    ]);
  });

  test("whose list is missing or not read lets only this machine relay, and says so", async () => {
    for (const server of [{}, { RelayIpList: "0011" }]) {
      const parts = await iis({ server }, { relayRanges: undefined });
      expect(settings(parts, "IIS SMTP 1")).toMatchObject({ remoteIpRanges: ["127.0.0.0/8"] });
      expect(parts[0]?.toDo).toHaveLength(1);
    }
    expect((await iis({}))[0]?.toDo).toEqual([]);
  });

  test.each([
    ["AuthFlags", { AuthFlags: "4" }, ["leftOut", "carriedOver", "nothing"]],
    ["AuthFlags", { AuthFlags: "2" }, ["carriedOver", "nothing"]],
    ["RelayIpList", { RelayIpList: "0011" }, ["leftOut", "differs", "nothing"]],
    ["IPSecurity", { IPSecurity: "0011", AuthFlags: "2" }, ["leftOut", "carriedOver", "nothing"]],
    ["(no limit)", { ConnectionTimeout: "600" }, ["differs", "carriedOver"]],
    ["(no limit)", {}, ["carriedOver"]],
    ["LogType", { LogType: "1" }, ["nothing"]],
    ["Odd", { Odd: "" }, ["nothing"]],
    ["Odd", { Odd: "1" }, ["leftOut"]],
  ])("%s of %j is told", async (property, server, outcomes) => {
    const parts = await iis({ server }, { relayRanges: undefined });
    expect(told(parts, property).toSorted()).toEqual(outcomes.toSorted());
  });

  test("no password is told", async () => {
    const parts = await iis({ server: { RoutePassword: "secret" } });
    expect(told(parts, "RoutePassword")).toEqual(["leftOut"]);
    expect(JSON.stringify(parts)).not.toContain("secret");
  });
});

describe("what it sends", () => {
  test.each<[Values, Record<string, unknown>]>([
    [{}, { smartHosts: ["next.test"] }],
    [{ SmartHost: "[10.0.0.1]" }, { smartHosts: ["[10.0.0.1]"] }],
    [{ SmartHost: "a.test;b.test, c.test" }, { smartHosts: ["a.test", "b.test", "c.test"] }],
    [{ RemoteSmtpPort: "587" }, { smartHosts: ["next.test"], port: 587 }],
    [{ MaxOutConnectionsPerDomain: "7" }, { smartHosts: ["next.test"], maxConcurrentConnections: 7 }],
    [
      { MaxOutConnectionsPerDomain: "0" },
      { smartHosts: ["next.test"], maxConcurrentConnections: "unlimited" },
    ],
    [{ MaxBatchedMessages: "5" }, { smartHosts: ["next.test"], smtpMaxMessagesPerConnection: 5 }],
    [{ MaxBatchedMessages: "x" }, { smartHosts: ["next.test"] }],
    [{ AlwaysUseSsl: "True" }, { smartHosts: ["next.test"], requireTls: true }],
    [{ AlwaysUseSsl: "1" }, { smartHosts: ["next.test"], requireTls: true }],
    [{ AlwaysUseSsl: "False" }, { smartHosts: ["next.test"] }],
    [{ RouteUserName: "app" }, { smartHosts: ["next.test"], enabled: false }],
  ])("by its smart host, %j", async (server, expected) => {
    expect(settings(await iis({ server }), "Smart host")).toEqual({ addressSpaces: ["*"], ...expected });
  });

  test.each([
    [{ SmartHost: "a.test" }, ["carriedOver"]],
    [{ SmartHost: "a.test", SmartHostType: "1" }, ["differs"]],
    [{ SmartHost: "a.test", SmartHostType: "2" }, ["carriedOver"]],
    [{}, ["differs"]],
  ])("how %j was meant is told", async (server, outcomes) => {
    expect(told(await iis({ server }), "SmartHost")).toEqual(outcomes);
  });

  test("without any next hop by MX record, with so many connections to each domain", async () => {
    const parts = await iis({ server: { MaxOutConnectionsPerDomain: "7" } }, { smartHosts: undefined });
    expect(settings(parts, "Internet")).toEqual({
      addressSpaces: ["*"],
      dnsRoutingEnabled: true,
      maxPerDomainOutboundConnections: 7,
    });
    expect(told(parts, "SmartHost")).toEqual(["carriedOver"]);
  });

  test("the password of an account is left to do", async () => {
    const parts = await iis({ server: { RouteUserName: "app" } });
    expect(parts.flatMap(({ toDo }) => toDo).map(({ command }) => command)).toEqual([
      `weir Set-SendConnector "Smart host" -SmartHostAuthMechanism BasicAuthRequireTLS -AuthenticationCredential "@{UserName='app';PasswordFile='FILE'}" -Enabled true`,
    ]);
  });

  test.each<[string, Values, object | undefined, boolean]>([
    ["a local domain", { RouteAction: "1" }, undefined, true],
    ["a remote one", { RouteAction: "2", RouteActionString: "mx.test" }, { smartHosts: ["mx.test"] }, false],
    [
      "that may be relayed to",
      { RouteAction: "4098", RouteActionString: "mx.test" },
      { smartHosts: ["mx.test"] },
      true,
    ],
    [
      "with TLS",
      { RouteAction: "6", RouteActionString: "mx.test" },
      { smartHosts: ["mx.test"], requireTls: true },
      false,
    ],
    [
      "with an account",
      { RouteAction: "2", RouteActionString: "mx.test", RouteUserName: "u" },
      { smartHosts: ["mx.test"], enabled: false },
      false,
    ],
    [
      "to several",
      { RouteAction: "2", RouteActionString: "mx.test; my.test" },
      { smartHosts: ["mx.test", "my.test"] },
      false,
    ],
    ["without a next hop", { RouteAction: "2" }, undefined, false],
    ["without an action", {}, undefined, true],
  ])("to %s", async (_, values, expected, accepted) => {
    const parts = await iis({ domains: { "*.a.test": values } });
    expect(settings(parts, "To a.test")).toEqual(
      expected === undefined ? undefined : { addressSpaces: ["*.a.test"], ...expected },
    );
    const whole = parts.at(-1);
    expect(whole?.edits).toEqual(
      accepted ? [{ kind: "changeList", section: "acceptedDomains", remove: [], add: ["*.a.test"] }] : [],
    );
    expect(whole?.toDo).toHaveLength(accepted && expected === undefined ? 1 : 0);
  });
});

describe("the server as a whole", () => {
  test("its times, and domains that are not there yet", async () => {
    const given: Given = {
      server: { SmtpRemoteNDRExpireMinutes: "2160", SmtpRemoteDelayExpireMinutes: "60" },
      domains: { "a.test": { RouteAction: "1" }, "b.test": { RouteAction: "1" }, "%%": { RouteAction: "1" } },
    };
    const parts = await iis(given, { known: ["A.test"] });
    expect(parts.at(-1)?.edits).toEqual([
      {
        kind: "setSection",
        section: "transport",
        settings: { messageExpirationTimeout: "1d12h", delayNotificationTimeout: "1h" },
      },
      { kind: "changeList", section: "acceptedDomains", remove: [], add: ["b.test"] },
    ]);
    expect(told(parts, "IIsSmtpDomain").toSorted()).toEqual(["differs", "leftOut"]);
  });

  test("what a domain of a drop folder needs", async () => {
    const parts = await iis({ domains: { "a.test": { RouteAction: "1" } } });
    expect(parts.at(-1)?.toDo[0]?.command).toBe(
      'weir New-SendConnector "Drop a.test" -AddressSpaces a.test -DropDirectory drop/a.test',
    );
  });
});
