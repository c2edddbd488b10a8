/** One property of an exported connector at a time, to the setting it becomes and to what is told of it. */
import { describe, expect, test } from "vitest";
import { exportedObject, type ExportedProperty, type ExportedValue } from "../exported/exported-value.ts";
import type { ImportedPart } from "../finding.ts";
import { importAcceptedDomains } from "./accepted-domains.ts";
import { importReceiveConnector, type ReceiveConnectorImport } from "./receive-connector.ts";
import { importSendConnector, type SendConnectorImport } from "./send-connector.ts";

type Values = Readonly<Record<string, ExportedValue>>;
const objectOf = (values: Values, lost: Readonly<Record<string, ExportedProperty["lost"]>> = {}) =>
  exportedObject(
    Object.entries(values).map(([name, value]) => {
      const how = lost[name];
      return { name, value, ...(how === undefined ? {} : { lost: how }) };
    }),
  );
const settings = ({ edits }: ImportedPart): unknown =>
  edits.flatMap((edit) => (edit.kind === "add" ? [edit.settings] : []))[0];
const told = ({ findings }: ImportedPart, property: string): string[] =>
  findings.filter((each) => each.property === property).map(({ outcome }) => outcome);
const commands = ({ toDo }: ImportedPart): (string | undefined)[] => toDo.map(({ command }) => command);

const door: Values = { Name: "Door", Bindings: "0.0.0.0:25", RemoteIPRanges: "10.0.0.0/8" };
const receive = (
  values: Values,
  more: Partial<ReceiveConnectorImport> = {},
  lost: Readonly<Record<string, ExportedProperty["lost"]>> = {},
): ImportedPart =>
  importReceiveConnector(objectOf({ ...door, ...values }, lost), {
    permissions: undefined,
    isOnly: true,
    all: false,
    ...more,
  });

test("what the export had is shown in one line, a blank for each break, and told to be cut where it was", () => {
  const values = { Comment: "two\r\n lines", Banner: "220 Hello" };
  const { findings } = receive(values, {}, { Banner: "cut" });
  const shown = Object.fromEntries(findings.map(({ property, value }) => [property, value]));
  expect(shown).toMatchObject({ Comment: "two lines", Banner: "220 Hello, ..." });
});

describe("a receive connector", () => {
  const usual = { bindings: ["0.0.0.0:25"], remoteIpRanges: ["10.0.0.0/8"] };
  test.each<[Values, object, string]>([
    [{ MaxHopCount: "30" }, { maxHopCount: 30 }, "carriedOver"],
    [{ MaxHopCount: "60" }, {}, "default"],
    [{ MaxHopCount: "many" }, {}, "leftOut"],
    [{ MaxHopCount: "" }, {}, "nothing"],
    [{ MAXHOPCOUNT: "30" }, { maxHopCount: 30 }, "carriedOver"],
    [{ AuthMechanism: "Tls, Integrated" }, { authMechanism: undefined }, "differs"],
    [{ AuthMechanism: "Integrated" }, { authMechanism: ["None"] }, "differs"],
    [{ AuthMechanism: "BasicAuth, ExchangeServer" }, { authMechanism: ["BasicAuth"] }, "differs"],
    [{ AuthMechanism: "BasicAuth" }, { authMechanism: ["BasicAuth"] }, "carriedOver"],
    [{ PermissionGroups: "AnonymousUsers, Custom" }, { permissionGroups: ["AnonymousUsers"] }, "differs"],
    [{ PermissionGroups: "AnonymousUsers" }, { permissionGroups: ["AnonymousUsers"] }, "carriedOver"],
    [{ Comment: "one line" }, { comment: "one line" }, "carriedOver"],
    [{ Comment: "two\r\nlines  and more " }, { comment: "two lines and more" }, "carriedOver"],
    [{ Banner: "220 Hello" }, { banner: "Hello" }, "carriedOver"],
    [{ Banner: "" }, {}, "nothing"],
    [{ Fqdn: "mail.a.test" }, { fqdn: "mail.a.test" }, "carriedOver"],
    [{ Fqdn: "EX01.a.test", Server: "ex01" }, {}, "differs"],
    [{ Fqdn: "EX01.a.test", Identity: "ex01\\Door" }, {}, "differs"],
    [{ Fqdn: "EX01.a.test", Server: "ex02" }, { fqdn: "EX01.a.test" }, "carriedOver"],
    [{ MaxAcknowledgementDelay: "00:00:30" }, {}, "differs"],
    [{ MaxAcknowledgementDelay: "00:00:30", TransportRole: "FrontendTransport" }, {}, "nothing"],
    [{ MaxAcknowledgementDelay: "00:00:00" }, {}, "default"],
    [{ MaxAcknowledgementDelay: "00:00:20" }, { maxAcknowledgementDelay: "20s" }, "carriedOver"],
    [{ TransportRole: "FrontendTransport" }, {}, "nothing"],
    [{ TransportRole: "16384" }, {}, "nothing"],
    [{ TransportRole: "HubTransport" }, {}, "leftOut"],
    [{ TlsCertificateName: "" }, {}, "nothing"],
    [{ TlsCertificateName: "<I>CN=x<S>CN=y" }, {}, "leftOut"],
    [{ Guid: "x" }, {}, "nothing"],
    [{ SomethingNew: "x" }, {}, "leftOut"],
    [{ SomethingNew: "False" }, {}, "nothing"],
    [{ ChunkingEnabled: "False", BinaryMimeEnabled: "False" }, { chunkingEnabled: false }, "carriedOver"],
  ])("with %j", (values, expected, outcome) => {
    const part = receive(values);
    const wanted = Object.entries({ ...usual, ...expected }).filter(([, value]) => value !== undefined);
    expect(settings(part)).toEqual(Object.fromEntries(wanted));
    expect(told(part, Object.keys(values)[0] ?? "")).toEqual([outcome]);
  });

  test("what has no meaning here is told in the words of the file's check, without its marks", () => {
    const { findings } = receive({ TlsDomainCapabilities: "mx.test:AcceptOorgProtocol" });
    expect(findings.find(({ property }) => property === "TlsDomainCapabilities")?.text).toMatch(/^[^`]+$/);
  });

  test.each<[string, Values, "cut" | "typeName", object | undefined, string]>([
    ["cut", { RemoteIPRanges: ["10.0.0.0/8"] }, "cut", { remoteIpRanges: ["10.0.0.0/8"] }, "differs"],
    [
      "of which only the type is left",
      { RemoteIPRanges: "System.Object[]" },
      "typeName",
      undefined,
      "leftOut",
    ],
  ])("with a list %s", (_, values, how, expected, outcome) => {
    const part = receive(values, {}, { RemoteIPRanges: how });
    if (expected === undefined) expect(part.skipped).toMatch(/remoteIpRanges/);
    else expect(settings(part)).toMatchObject(expected);
    expect(told(part, "RemoteIPRanges")).toEqual([outcome]);
    if (how === "cut") {
      expect(commands(part)).toEqual([`weir Set-ReceiveConnector Door -RemoteIPRanges "@{Add='ADDRESS'}"`]);
      expect(part.findings.find(({ property }) => property === "RemoteIPRanges")?.value).toBe(
        "10.0.0.0/8, ...",
      );
    }
  });

  test("of which some can be taken", () => {
    const part = receive({ RemoteIPRanges: ["10.0.0.0/8", "somewhere"] });
    expect([settings(part), told(part, "RemoteIPRanges")]).toEqual([usual, ["differs"]]);
  });

  test.each<[string, Values, string]>([
    ["without a name", { Name: "", Identity: "" }, "neither its Name"],
    ["whose bindings are none", { Bindings: "host:25" }, "nothing of bindings"],
    [
      "of which nothing can be taken",
      { Bindings: "x", RemoteIPRanges: "x" },
      "nothing of bindings and remoteIpRanges",
    ],
    ["of the hub", { Name: "Default EX01", TransportRole: "HubTransport" }, "Exchange has it for itself"],
    ["of the hub, by number", { Name: "Client Proxy EX01", TransportRole: 32 }, "Exchange has it for itself"],
    [
      "of the hub, by its port",
      { Bindings: "0.0.0.0:2525,[::]:465", TransportRole: "HubTransport" },
      "Exchange has it for itself",
    ],
    ["that is Exchange's way out", { Name: "Outbound Proxy Frontend EX01" }, "outgoing mail"],
    ["that is Exchange's way out, by its port", { Bindings: "0.0.0.0:717" }, "outgoing mail"],
  ])("%s is left out", (_, values, reason) => {
    expect(receive(values)).toMatchObject({
      edits: [],
      toDo: [],
      skipped: expect.stringContaining(reason) as string,
    });
  });

  test.each<[string, Values]>([
    ["of the front end", { Name: "Default Frontend EX01", TransportRole: "FrontendTransport" }],
    [
      "of the front end, on one of those ports",
      { Bindings: "0.0.0.0:465", TransportRole: "FrontendTransport" },
    ],
    ["of the hub, on another port", { TransportRole: "HubTransport", Bindings: "0.0.0.0:2525,0.0.0.0:25" }],
    [
      "of the hub, named after the front end",
      { Name: "Default Frontend EX01", TransportRole: "HubTransport" },
    ],
    [
      "of the hub, for inside",
      { Name: "Default internal receive connector EX01", TransportRole: "HubTransport" },
    ],
    ["of 2010", { Name: "Default EX01" }],
    ["on 717 and another", { Bindings: "0.0.0.0:717,0.0.0.0:25" }],
  ])("%s is taken", (_, values) => {
    expect(receive(values).skipped).toBeUndefined();
  });

  test("of Exchange's own may be asked for", () => {
    expect(receive({ Name: "Outbound Proxy Frontend EX01" }, { all: true }).skipped).toBeUndefined();
  });

  test.each([["Bindings"], ["RemoteIPRanges"]])("without %s is not taken for whole", (missing) => {
    const { [missing]: _, ...rest } = door;
    const part = importReceiveConnector(objectOf(rest), { permissions: undefined, isOnly: true, all: false });
    expect(part.skipped).toContain(`no ${missing};`);
  });

  test.each<[Values, string, string | undefined]>([
    [{ Identity: "EX01\\Door", Name: "" }, "Door", "EX01"],
    [{ Identity: "Door", Name: "" }, "Door", undefined],
    [{ Server: "EX02", Identity: "EX01\\Door" }, "Door", "EX02"],
    [{ Server: "CN=EX03,CN=Servers,DC=a" }, "Door", "EX03"],
    [{}, "Door", undefined],
  ])("%j is called %s and comes from %s", (values, name, origin) => {
    const part = receive(values);
    expect([part.title, part.origin]).toEqual([`Receive connector ${name}`, origin]);
    expect(part.edits).toMatchObject([{ kind: "add", section: "receiveConnectors", name }]);
  });

  const right = "ms-Exch-SMTP-Accept-Any-Recipient";
  const permission = (user: string) => ({
    identity: "Door",
    user,
    deny: false,
    rights: [right.toLowerCase()],
  });
  test.each<
    [string, Values, ReceiveConnectorImport["permissions"], boolean, string[], (string | undefined)[]]
  >([
    ["that all may relay over", {}, [permission("ANONYMOUS LOGON")], true, ["carriedOver"], []],
    ["that accounts may relay over", {}, [permission("A\\app")], false, ["leftOut"], []],
    [
      "that both may",
      {},
      [permission("A\\app"), permission("ANONYMOUS LOGON")],
      true,
      ["carriedOver", "leftOut"],
      [],
    ],
    ["that nobody may", {}, [{ ...permission("x"), rights: [] }], false, [], []],
    [
      "with rights that are not known",
      { PermissionGroups: "AnonymousUsers, Custom" },
      undefined,
      false,
      ["leftOut"],
      ["weir Set-ReceiveConnector Door -AnonymousRelay true"],
    ],
    [
      "with rights that are not known, as a number",
      { PermissionGroups: 33 },
      undefined,
      false,
      ["leftOut"],
      ["weir Set-ReceiveConnector Door -AnonymousRelay true"],
    ],
    ["without rights of its own, as a number", { PermissionGroups: 1 }, undefined, false, [], []],
    [
      "with rights that are known",
      { PermissionGroups: "AnonymousUsers, Custom" },
      [permission("ANONYMOUS LOGON")],
      true,
      ["carriedOver"],
      [],
    ],
  ])("%s", (_, values, permissions, relay, outcomes, left) => {
    const part = receive(values, { permissions });
    expect((settings(part) as Values)["anonymousRelay"]).toBe(relay ? true : undefined);
    expect(told(part, right)).toEqual(outcomes);
    expect(commands(part)).toEqual(left);
  });

  test("what is left to do with certificates and accounts", () => {
    const part = receive({
      TlsCertificateName: "x",
      PermissionGroups: "ExchangeUsers",
      AuthMechanism: "BasicAuth",
    });
    expect(commands(part)).toEqual([
      "weir Set-ReceiveConnector Door -TlsCertificateFile FILE -TlsKeyFile FILE",
      "weir New-User NAME",
    ]);
    expect(commands(receive({ PermissionGroups: "ExchangeUsers", AuthMechanism: "Tls" }))).toEqual([]);
    expect(commands(receive({ PermissionGroups: "AnonymousUsers", AuthMechanism: "BasicAuth" }))).toEqual([]);
  });
});

describe("a send connector", () => {
  const out: Values = { Name: "Out", AddressSpaces: "SMTP:*;1", SmartHosts: "[10.0.0.1],mx.test" };
  const send = (values: Values, more: Partial<SendConnectorImport> = {}): ImportedPart =>
    importSendConnector(objectOf({ ...out, ...values }), {
      smartHosts: undefined,
      passwordFile: undefined,
      userName: undefined,
      ...more,
    });
  const usual = { addressSpaces: ["SMTP:*;1"], smartHosts: ["[10.0.0.1]", "mx.test"] };

  test.each<[Values, object, string]>([
    [{ Fqdn: "mail.a.test" }, { fqdn: "mail.a.test" }, "carriedOver"],
    [{ RequireTLS: "True" }, { requireTls: true }, "carriedOver"],
    [{ RequireTLS: "False" }, {}, "default"],
    [{ DNSRoutingEnabled: "True" }, {}, "leftOut"],
    [{ DNSRoutingEnabled: "False" }, {}, "nothing"],
    [{ ErrorPolicies: "DowngradeCustomFailures" }, {}, "leftOut"],
    [
      { ErrorPolicies: "DowngradeAuthFailures, UpgradeCustomFailures" },
      { errorPolicies: ["DowngradeAuthFailures"] },
      "differs",
    ],
    [{ SmartHostsString: "x" }, {}, "nothing"],
    [{ HomeMTA: "x" }, {}, "nothing"],
    [{ AuthenticationCredential: "System.Management.Automation.PSCredential" }, {}, "nothing"],
  ])("with %j", (values, expected, outcome) => {
    const part = send(values);
    expect(settings(part)).toEqual({ ...usual, ...expected });
    expect(told(part, Object.keys(values)[0] ?? "")).toEqual([outcome]);
  });

  test.each<[string, Values, readonly string[] | undefined, string[] | undefined]>([
    ["its own next hops", {}, ["given.test"], ["[10.0.0.1]", "mx.test"]],
    [
      "those given in place of MX records",
      { SmartHosts: null, DNSRoutingEnabled: "True" },
      ["given.test"],
      ["given.test"],
    ],
    ["MX records", { SmartHosts: null, DNSRoutingEnabled: "True" }, undefined, undefined],
  ])("goes to %s", (_, values, smartHosts, expected) => {
    const part = send(values, { smartHosts });
    expect((settings(part) as Values | undefined)?.["smartHosts"]).toEqual(expected);
    if (expected === undefined) expect(settings(part)).toMatchObject({ dnsRoutingEnabled: true });
    if (expected?.[0] === "given.test") expect(told(part, "DNSRoutingEnabled")).toEqual(["differs"]);
  });

  test("names its next hops in one text where they are no list", () => {
    const { SmartHosts: _, ...rest } = out;
    const part = importSendConnector(objectOf({ ...rest, SmartHostsString: "a.test,b.test" }), {
      smartHosts: undefined,
      passwordFile: undefined,
      userName: undefined,
    });
    expect(settings(part)).toMatchObject({ smartHosts: ["a.test", "b.test"] });
  });

  test.each<[string, Values, string]>([
    ["without a name", { Name: "" }, "neither its Name"],
    ["whose address spaces are none", { AddressSpaces: "X400:c=x;1" }, "none of its address spaces"],
  ])("%s is left out", (_, values, reason) => {
    expect(send(values)).toMatchObject({ edits: [], skipped: expect.stringContaining(reason) as string });
  });

  test("is named by its identity where it has no name, and needs address spaces", () => {
    expect(send({ Name: "", Identity: "Out 2" }).title).toBe("Send connector Out 2");
    const { AddressSpaces: _, ...rest } = out;
    const part = importSendConnector(objectOf(rest), {
      smartHosts: undefined,
      passwordFile: undefined,
      userName: undefined,
    });
    expect(part.skipped).toContain("no AddressSpaces");
  });

  const logOn: Values = { SmartHostAuthMechanism: "BasicAuthRequireTLS" };
  const credential: Values = { AuthenticationCredential: { UserName: "app", Password: null } };
  test.each<[string, Values, Partial<SendConnectorImport>, object, string | undefined]>([
    ["no password", { ...logOn, ...credential }, {}, { enabled: false }, "app"],
    ["no password and no name", logOn, {}, { enabled: false }, "NAME"],
    [
      "a name that was given",
      { ...logOn, ...credential },
      { userName: "other" },
      { enabled: false },
      "other",
    ],
    ["a password without a name", logOn, { passwordFile: "p" }, { enabled: false }, "NAME"],
    [
      "a password",
      { ...logOn, ...credential },
      { passwordFile: "p" },
      {
        smartHostAuthMechanism: "BasicAuthRequireTLS",
        authenticationCredential: { userName: "app", passwordFile: "p" },
      },
      undefined,
    ],
  ])("that logs on, with %s", (_, values, more, expected, user) => {
    const part = send(values, more);
    expect(settings(part)).toEqual({ ...usual, ...expected });
    expect(commands(part)).toEqual(
      user === undefined
        ? []
        : [
            `weir Set-SendConnector Out -SmartHostAuthMechanism BasicAuthRequireTLS -AuthenticationCredential "@{UserName='${user}';PasswordFile='FILE'}" -Enabled true`,
          ],
    );
    expect(told(part, "AuthenticationCredential")).toEqual([user === undefined ? "differs" : "leftOut"]);
    if (user !== undefined) expect(told(part, "SmartHostAuthMechanism")).toEqual(["differs"]);
  });
});

describe("accepted domains", () => {
  test.each<[string, Values, string[], string]>([
    ["relayed to", { DomainName: "a.test", DomainType: "ExternalRelay" }, ["a.test"], "carriedOver"],
    ["with mailboxes", { DomainName: "a.test", DomainType: "Authoritative" }, ["a.test"], "differs"],
    ["with mailboxes, as a number", { DomainName: "a.test", DomainType: 0 }, ["a.test"], "differs"],
    ["as another number", { DomainName: "a.test", DomainType: 1 }, ["a.test"], "carriedOver"],
    ["with its subdomains", { DomainName: "a.test", MatchSubDomains: "True" }, ["*.a.test"], "carriedOver"],
    [
      "with its subdomains already",
      { DomainName: "*.a.test", MatchSubDomains: "True" },
      ["*.a.test"],
      "carriedOver",
    ],
    ["without them", { DomainName: "a.test", MatchSubDomains: "False" }, ["a.test"], "carriedOver"],
    ["by its name", { Name: "a.test" }, ["a.test"], "carriedOver"],
    ["that is there", { DomainName: "There.test" }, [], "default"],
    ["that is none", { DomainName: "%%" }, [], "leftOut"],
    ["without a name", { DomainType: "Authoritative" }, [], "leftOut"],
  ])("%s", (_, values, add, outcome) => {
    const part = importAcceptedDomains([objectOf(values)], ["there.test"]);
    expect(part.edits).toEqual(
      add.length === 0 ? [] : [{ kind: "changeList", section: "acceptedDomains", remove: [], add }],
    );
    expect(part.findings.map((each) => each.outcome)).toEqual([outcome]);
  });

  test("each once", () => {
    const part = importAcceptedDomains(
      [objectOf({ DomainName: "a.test" }), objectOf({ DomainName: "A.test" })],
      [],
    );
    expect(part.edits).toMatchObject([{ add: ["a.test"] }]);
  });
});
