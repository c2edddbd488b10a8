/** Exports of Exchange in every form that PowerShell writes, compared setting by setting with what is made of them. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withoutCollisions } from "../../src/config/import/collisions.ts";
import { decodeText } from "../../src/config/import/decode-text.ts";
import { importAcceptedDomains } from "../../src/config/import/exchange/accepted-domains.ts";
import { readPermissions } from "../../src/config/import/exchange/permissions.ts";
import { importReceiveConnector } from "../../src/config/import/exchange/receive-connector.ts";
import { importSendConnector } from "../../src/config/import/exchange/send-connector.ts";
import type { ExportedObject } from "../../src/config/import/exported/exported-value.ts";
import { readExport } from "../../src/config/import/exported/read-export.ts";
import { withoutFaults } from "../../src/config/import/faults.ts";
import type { ImportedPart } from "../../src/config/import/finding.ts";
import { parseConfigValue } from "../../src/config/parse-config.ts";

const folder = new URL("fixtures/exchange/", import.meta.url);

async function objectsIn(file: string): Promise<readonly ExportedObject[]> {
  return objectsOf(readFileSync(new URL(file, folder)));
}

async function objectsOf(octets: Uint8Array): Promise<readonly ExportedObject[]> {
  const text = decodeText(octets);
  if (!text.ok) throw new Error(text.message);
  const read = await readExport(text.value);
  if (!read.ok) throw new Error(read.message);
  return read.value.objects;
}

async function receive(file: string, more: { all?: boolean; permissions?: string } = {}) {
  const objects = await objectsIn(file);
  const permissions =
    more.permissions === undefined ? undefined : readPermissions(await objectsIn(more.permissions));
  if (permissions?.ok === false) throw new Error(permissions.message);
  return objects.map((object) =>
    importReceiveConnector(object, {
      permissions: permissions?.value,
      isOnly: objects.length === 1,
      all: more.all === true,
    }),
  );
}

function settingsOf(part: ImportedPart | undefined): unknown {
  const edit = part?.edits.find(({ kind }) => kind === "add");
  return edit?.kind === "add" ? edit.settings : undefined;
}

function told(part: ImportedPart | undefined, property: string): string {
  return (part?.findings ?? [])
    .filter((finding) => finding.property === property)
    .map(({ outcome, text }) => `${outcome}: ${text}`)
    .join("\n");
}

const everywhere = ["::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "0.0.0.0-255.255.255.255"];
const from2010 = { maxMessageSize: "10MB", maxHeaderSize: "64KB", maxHopCount: 30 };

describe("receive connectors", () => {
  const cases: readonly (readonly [
    file: string,
    connectors: Readonly<Record<string, object | string>>,
    permissions?: string,
  ])[] = [
    [
      "2019-setup.fl.txt",
      {
        "Default EX01": "Exchange has it for itself (HubTransport)",
        "Client Proxy EX01": "Exchange has it for itself (HubTransport)",
        "Default Frontend EX01": {
          bindings: ["[::]:25", "0.0.0.0:25"],
          remoteIpRanges: everywhere,
          authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
          permissionGroups: ["AnonymousUsers", "ExchangeServers", "ExchangeLegacyServers"],
          protocolLoggingLevel: "Verbose",
        },
        "Outbound Proxy Frontend EX01": "outgoing mail passes through it",
        "Client Frontend EX01": {
          bindings: ["[::]:587", "0.0.0.0:587"],
          remoteIpRanges: everywhere,
          authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
          permissionGroups: ["ExchangeUsers"],
          messageRateLimit: 5,
          messageRateSource: "User",
        },
      },
    ],
    [
      "2010-hub.fl.txt",
      {
        // Named Default …: its limits are those of usage default here, too, and need no line.
        "Default MAIL01": {
          bindings: ["[::]:25", "0.0.0.0:25"],
          remoteIpRanges: everywhere,
          authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
          permissionGroups: ["AnonymousUsers", "ExchangeUsers", "ExchangeServers", "ExchangeLegacyServers"],
          sizeEnabled: "EnabledwithoutValue",
          ...from2010,
        },
        "Client MAIL01": {
          bindings: ["[::]:587", "0.0.0.0:587"],
          remoteIpRanges: everywhere,
          authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
          permissionGroups: ["ExchangeUsers"],
          messageRateLimit: 5,
          messageRateSource: "User",
          ...from2010,
        },
        "Relay - Printers": {
          comment: "MFPs, see ticket 4711",
          bindings: ["192.168.10.21:25"],
          remoteIpRanges: ["192.168.20.10", "192.168.20.11", "192.168.20.12-192.168.20.40", "10.44.0.0/16"],
          fqdn: "relay.contoso.com",
          permissionGroups: ["AnonymousUsers"],
          anonymousRelay: true,
          tarpitInterval: "0s",
          ...from2010,
          maxMessageSize: "50MB",
        },
      },
      "permissions.fl.txt",
    ],
    [
      "relay-pasted.fl.txt",
      {
        "Anonymous Relay": {
          bindings: ["0.0.0.0:25"],
          remoteIpRanges: ["192.168.5.10", "192.168.5.11"],
          permissionGroups: ["AnonymousUsers"],
          maxInboundConnectionPerSource: "unlimited",
          maxInboundConnectionPercentagePerSource: 100,
        },
      },
    ],
    [
      "erp-numbers.json.txt",
      {
        "App Relay (ERP)": {
          bindings: ["0.0.0.0:25", "[::]:25"],
          remoteIpRanges: ["10.20.0.5", "10.20.1.0/24", "10.20.2.1-10.20.2.9"],
          fqdn: "erp-relay.contoso.com",
          authMechanism: ["Tls", "ExternalAuthoritative"],
          permissionGroups: ["AnonymousUsers", "ExchangeServers"],
          maxInboundConnectionPerSource: 60,
          maxInboundConnectionPercentagePerSource: 10,
          messageRateLimit: 120,
          connectionTimeout: "20m",
          maxMessageSize: "50MB",
          protocolLoggingLevel: "Verbose",
        },
      },
    ],
    [
      "two-strings.json.txt",
      {
        Scanner: {
          enabled: false,
          bindings: ["0.0.0.0:25"],
          remoteIpRanges: ["10.9.8.7"],
          permissionGroups: ["AnonymousUsers"],
        },
        "SMTP AUTH": {
          bindings: ["0.0.0.0:2587"],
          remoteIpRanges: ["10.0.0.0/8"],
          banner: "Contoso mail",
          authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
          permissionGroups: ["ExchangeUsers"],
          requireTls: true,
        },
      },
    ],
    [
      "wrapped-list.json.txt",
      {
        Monitoring: {
          bindings: ["0.0.0.0:25"],
          remoteIpRanges: ["10.7.7.7", "10.7.7.8"],
          permissionGroups: ["AnonymousUsers"],
        },
      },
    ],
    [
      "with-type.csv",
      {
        "CRM, old": {
          comment: 'first line second "line"',
          bindings: ["10.1.1.11:25", "10.1.1.11:26"],
          remoteIpRanges: ["10.3.3.1", "10.3.3.2-10.3.3.8"],
          authMechanism: ["Tls", "BasicAuth"],
          permissionGroups: ["AnonymousUsers", "ExchangeUsers"],
          maxRecipientsPerMessage: 1000,
        },
      },
    ],
    [
      "semicolons.csv",
      {
        Lohn: {
          comment: "Für Löhne",
          bindings: ["0.0.0.0:25"],
          remoteIpRanges: ["10.4.4.4"],
          permissionGroups: ["AnonymousUsers"],
          maxHeaderSize: "128KB",
        },
      },
    ],
    ["type-names.csv", { "Types only": "nothing of bindings and remoteIpRanges can be taken" }],
    [
      "script-export.csv",
      {
        "Anonymous Known Hosts 2": {
          bindings: ["0.0.0.0:25"],
          remoteIpRanges: ["157.52.5.66", "157.52.5.70"],
          fqdn: "E2016-02.contoso.com",
          permissionGroups: ["AnonymousUsers"],
          maxHeaderSize: "256",
        },
      },
    ],
    [
      "edge.fl.txt",
      {
        "Default internal receive connector EDGE01": {
          bindings: ["0.0.0.0:25"],
          remoteIpRanges: ["0.0.0.0-255.255.255.255"],
          permissionGroups: ["AnonymousUsers", "ExchangeServers", "Partners"],
          messageRateLimit: 600,
          connectionTimeout: "5m",
          connectionInactivityTimeout: "1m",
        },
      },
    ],
    [
      "hub-role-relay.fl.txt",
      {
        "Relay on Hub": {
          bindings: ["10.1.1.50:25"],
          remoteIpRanges: ["10.1.2.0/24"],
          authMechanism: ["None"],
          permissionGroups: ["AnonymousUsers"],
          defaultDomain: "contoso.com",
          maxMessageSize: "100MB",
        },
      },
    ],
    [
      "externally-secured.fl.txt",
      {
        "Externally Secured": {
          bindings: ["0.0.0.0:25"],
          remoteIpRanges: ["10.1.9.1", "10.1.9.2"],
          authMechanism: ["Tls", "ExternalAuthoritative"],
          permissionGroups: ["ExchangeServers"],
          messageRateSource: "All",
          maxRecipientsPerMessage: 500,
        },
      },
    ],
  ];

  const named = cases.map(([file, connectors, permissions]) => ({ file, connectors, permissions }));
  it.each(named)("$file", async ({ file, connectors, permissions }) => {
    const parts = await receive(file, permissions === undefined ? {} : { permissions });
    expect(parts.map(({ title }) => title)).toEqual(
      Object.keys(connectors).map((name) => `Receive connector ${name}`),
    );
    for (const [index, expected] of Object.values(connectors).entries()) {
      const part = parts[index];
      if (typeof expected === "string") {
        expect(part?.skipped).toContain(expected);
        expect(part?.edits).toEqual([]);
      } else expect(settingsOf(part)).toEqual(expected);
    }
  });

  it.each(named)("$file is a configuration without faults", async ({ file }) => {
    for (const part of await receive(file)) {
      const edit = part.edits[0];
      if (edit?.kind !== "add") continue;
      const result = parseConfigValue(
        { hostname: "relay.example", receiveConnectors: [{ name: edit.name, ...edit.settings }] },
        { file: "weir.yaml" },
      );
      expect(result.ok ? [] : result.faults).toEqual([]);
    }
  });

  it("each property of an export is told of once", async () => {
    const [object] = await objectsIn("edge.fl.txt");
    const [part] = await receive("edge.fl.txt");
    expect(part?.findings.map(({ property }) => property)).toEqual(
      [...(object?.values() ?? [])].map(({ name }) => name),
    );
  });

  it("those that Exchange has for itself come along when asked for", async () => {
    const parts = await receive("2019-setup.fl.txt", { all: true });
    expect(parts.every(({ skipped }) => skipped === undefined)).toBe(true);
    expect(settingsOf(parts[0])).toEqual({
      bindings: ["[::]:2525", "0.0.0.0:2525"],
      remoteIpRanges: everywhere,
      authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
      // The groups are those of usage default.
      sizeEnabled: "EnabledwithoutValue",
    });
  });

  it("tells what differs and what is lost", async () => {
    const setup = await receive("2019-setup.fl.txt");
    expect(told(setup[2], "AuthMechanism")).toContain("Integrated is not supported");
    expect(told(setup[2], "Fqdn")).toBe(
      "differs: the old server's own name; this relay greets with its own, hostname",
    );
    expect(told(setup[2], "DomainSecureEnabled")).toContain("leftOut: mutual TLS by domain");
    expect(told(setup[2], "MaxAcknowledgementDelay")).toContain("nothing");
    expect(told(setup[4], "TlsCertificateName")).toContain("certificates are files here");
    expect(setup[4]?.toDo.map(({ command }) => command)).toEqual([
      'weir Set-ReceiveConnector "Client Frontend EX01" -TlsCertificateFile FILE -TlsKeyFile FILE',
      "weir New-User NAME",
    ]);
    const [, , printers] = await receive("2010-hub.fl.txt", { permissions: "permissions.fl.txt" });
    expect(told(printers, "RemoteIPRanges")).toContain("the export cut the list (...)");
    expect(told(printers, "ms-Exch-SMTP-Accept-Any-Recipient")).toBe(
      "carriedOver: anonymousRelay: true\nleftOut: there are no rights of single accounts here: with ExchangeUsers in permissionGroups every user who logs on may relay",
    );
    expect(printers?.toDo.map(({ command }) => command)).toEqual([
      `weir Set-ReceiveConnector "Relay - Printers" -RemoteIPRanges "@{Add='ADDRESS'}"`,
    ]);
    const [default2010] = await receive("2010-hub.fl.txt");
    expect(told(default2010, "MaxAcknowledgementDelay")).toContain("Exchange's default is 30 s");
    const [pasted] = await receive("relay-pasted.fl.txt");
    expect(told(pasted, "RemoteIPRanges")).toContain('"fe80::1c5d:2f01:9a3e:77aa%11" carries a zone');
    expect(told(pasted, "ms-Exch-SMTP-Accept-Any-Recipient")).toContain("-PermissionPath");
    expect(pasted?.toDo.map(({ command }) => command)).toEqual([
      'weir Set-ReceiveConnector "Anonymous Relay" -AnonymousRelay true',
    ]);
    const [script] = await receive("script-export.csv");
    expect(told(script, "MaxMessageSize")).toContain("out of range");
    const [hub] = await receive("hub-role-relay.fl.txt");
    expect(told(hub, "TransportRole")).toContain("one transport service");
  });

  it("a right in a table, cut, and in German, and one that others have", async () => {
    const parts = await receive("two-servers.clixml.txt", { permissions: "permissions.table.txt" });
    expect(parts.map((part) => (settingsOf(part) as { anonymousRelay?: boolean }).anonymousRelay)).toEqual([
      true,
      undefined,
      undefined,
    ]);
  });

  it("connectors of several servers: the same once, another under its server's name", async () => {
    const parts = withoutCollisions(
      await receive("two-servers.clixml.txt"),
      { receiveConnectors: [], sendConnectors: [] },
      false,
    );
    expect(parts.map(({ title, skipped }) => [title, skipped])).toEqual([
      ["Receive connector App Relay", undefined],
      ["Receive connector App Relay of EX02", "it is the same as App Relay above, and taken once"],
      ["Receive connector App Relay EX03", undefined],
    ]);
  });
});

describe("beside what is there", () => {
  const there = {
    name: "scanner",
    bindings: ["0.0.0.0:25"],
    remoteIpRanges: ["10.9.8.7"],
  };

  it("a name that is taken skips the connector, or is replaced", async () => {
    const parts = await receive("two-strings.json.txt");
    const present = { receiveConnectors: [there], sendConnectors: [] };
    expect(withoutCollisions(parts, present, false)[0]?.skipped).toContain("-Force");
    expect(withoutCollisions(parts, present, true)[0]?.edits.map(({ kind }) => kind)).toEqual([
      "remove",
      "add",
    ]);
  });

  it("a connector that would meet another on its binding is skipped with the reason", async () => {
    const [part] = withoutCollisions(
      await receive("wrapped-list.json.txt"),
      { receiveConnectors: [{ ...there, name: "Other", remoteIpRanges: ["10.7.7.8"] }], sendConnectors: [] },
      false,
    );
    expect(part?.skipped).toContain('its range 10.7.7.8 is the same range as 10.7.7.8 of connector "Other"');
  });
});

it("a connector against a rule is skipped with the rule, and the others come along", async () => {
  const parts = await receive("two-strings.json.txt");
  const [scanner] = parts;
  const broken = (scanner?.edits ?? []).map((edit) =>
    edit.kind === "add"
      ? { ...edit, settings: { ...edit.settings, authMechanism: ["Tls", "ExternalAuthoritative"] } }
      : edit,
  );
  const checked = withoutFaults(parts.map((part) => (part === scanner ? { ...part, edits: broken } : part)));
  expect(checked.map(({ skipped }) => skipped)).toEqual([
    "permissionGroups: ExternalAuthoritative in authMechanism needs ExchangeServers here",
    undefined,
  ]);
});

describe("send connectors", () => {
  const send = async (
    file: string,
    more: { smartHosts?: readonly string[]; passwordFile?: string; userName?: string } = {},
  ) =>
    (await objectsIn(file)).map((object) =>
      importSendConnector(object, {
        smartHosts: more.smartHosts,
        passwordFile: more.passwordFile,
        userName: more.userName,
      }),
    );

  it("by Format-List: one by MX record, one that logs on, one to Exchange Online", async () => {
    const [internet, smart, online] = await send("send.fl.txt");
    expect(settingsOf(internet)).toEqual({ addressSpaces: ["SMTP:*;1"], dnsRoutingEnabled: true });
    expect(settingsOf(online)).toMatchObject({ dnsRoutingEnabled: true, tlsAuthLevel: "DomainValidation" });
    expect(settingsOf(smart)).toEqual({
      enabled: false,
      addressSpaces: ["SMTP:*;1", "SMTP:*.partner.example;5"],
      maxMessageSize: "unlimited",
      smartHosts: ["[192.0.2.10]", "smtp.provider.example"],
      port: 587,
      fqdn: "mail.contoso.com",
      requireTls: true,
      tlsAuthLevel: "CertificateValidation",
      protocolLoggingLevel: "Verbose",
    });
    expect(told(smart, "AddressSpaces")).toContain("X400");
    expect(smart?.toDo[0]?.command).toContain("-SmartHostAuthMechanism BasicAuthRequireTLS");
  });

  it("a next hop and a password that are given", async () => {
    const [internet, , online] = await send("send.fl.txt", { smartHosts: ["smtp.example.com:25"] });
    expect(settingsOf(internet)).toEqual({
      addressSpaces: ["SMTP:*;1"],
      smartHosts: ["smtp.example.com:25"],
    });
    expect(settingsOf(online)).toMatchObject({
      tlsAuthLevel: "DomainValidation",
      tlsDomain: "mail.protection.outlook.com",
    });
    expect(told(online, "CloudServicesMailEnabled")).toContain("leftOut");
    const [provider] = await send("send.clixml.txt", { passwordFile: "/etc/weir/password" });
    expect(settingsOf(provider)).toMatchObject({
      smartHostAuthMechanism: "BasicAuth",
      authenticationCredential: { userName: "relay@contoso.com", passwordFile: "/etc/weir/password" },
    });
  });

  it("no password of an export gets anywhere", async () => {
    expect(JSON.stringify(await send("send.clixml.txt"))).not.toContain("01000000d08c9ddf");
  });

  it("by ConvertTo-Json, with nested address spaces and smart hosts", async () => {
    const [part] = await send("send.json.txt");
    expect(settingsOf(part)).toEqual({
      addressSpaces: ["SMTP:*.partner.example;10"],
      smartHosts: ["198.51.100.7"],
      port: 2525,
    });
  });
});

describe("accepted domains", () => {
  it.each([
    ["domains.fl.txt", [], ["contoso.com", "*.eu.contoso.com", "partner.example"]],
    ["domains.csv", ["Contoso.com"], ["sub.contoso.com"]],
  ])("%s beside %j", async (file, known, add) => {
    const part = importAcceptedDomains(await objectsIn(file), known);
    expect(part.edits).toEqual([{ kind: "changeList", section: "acceptedDomains", remove: [], add }]);
  });
});

describe("encodings", () => {
  const text = readFileSync(new URL("externally-secured.fl.txt", folder), "utf8").replace(
    "Externally Secured",
    "Größe – Ω",
  );
  const bytes = (mark: readonly number[], body: Buffer): Buffer => Buffer.concat([Buffer.from(mark), body]);
  it.each([
    ["UTF-8", Buffer.from(text)],
    ["UTF-8 with a mark", bytes([0xef, 0xbb, 0xbf], Buffer.from(text))],
    [
      "UTF-16 LE with a mark, as Windows PowerShell writes it",
      bytes([0xff, 0xfe], Buffer.from(text, "utf16le")),
    ],
    ["UTF-16 BE with a mark", bytes([0xfe, 0xff], Buffer.from(text, "utf16le").swap16())],
    ["UTF-16 LE without a mark", Buffer.from(text, "utf16le")],
  ])("%s", async (_, octets) => {
    const [object] = await objectsOf(octets);
    expect(object?.get("name")?.value).toBe("Größe – Ω");
    expect(object?.size).toBeGreaterThan(60);
  });
});

describe("what is no export", () => {
  const read = async (content: string | Buffer): Promise<string> => {
    const text = decodeText(Buffer.from(content));
    if (!text.ok) return text.message;
    const result = await readExport(text.value);
    return result.ok ? `${result.value.form} ${result.value.objects.length}` : result.message;
  };
  const bomb = `<!DOCTYPE o [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Objs>&b;</Objs>`;
  it.each([
    ["", "holds nothing that can be read"],
    ["hello\nworld", "holds nothing that can be read"],
    ["{", "is no whole JSON"],
    [`[${'{"a":'.repeat(50_000)}`, "is no whole JSON"],
    [bomb, "DOCTYPE"],
    ["<Objs><Obj>&unknown;</Obj></Objs>", "is no XML that can be read"],
    ["<Objs><Obj>", "is no XML that can be read"],
    [`<Objs>${"<Obj>".repeat(2000)}`, "nested too deeply"],
    ["<html><body/></html>", "is XML, but not of Export-Clixml"],
    ['<configuration xmlns="urn:x"><MBProperty/></configuration>', "Import-IisSmtp"],
    [Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 1, 2]), "an Excel workbook"],
    [Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919) % 251)), "binary"],
  ])("%# ends in a sentence", async (content, sentence) => {
    expect(await read(content)).toContain(sentence);
  });

  it("deep JSON, wide lists and objects that refer to each other end", async () => {
    expect(await read(`${'{"a":'.repeat(3000)}1${"}".repeat(3000)}`)).toBe("json 1");
    expect(
      await read(
        '<Objs><Obj RefId="0"><Props><Obj N="a" RefId="1"><Props><Ref N="b" RefId="0"/></Props></Obj></Props></Obj></Objs>',
      ),
    ).toBe("clixml 1");
  });
});
