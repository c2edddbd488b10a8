/** IIS's MetaBase.xml, and what is made of it. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withoutFaults } from "../../src/config/import/faults.ts";
import type { ImportedPart } from "../../src/config/import/finding.ts";
import { importIisSmtp } from "../../src/config/import/iis/import-iis-smtp.ts";
import { readIpList } from "../../src/config/import/iis/ip-list.ts";
import { smtpServers } from "../../src/config/import/iis/metabase.ts";
import { readXml } from "../../src/config/import/xml-tree.ts";

const text = readFileSync(new URL("fixtures/iis/MetaBase.xml", import.meta.url), "utf8");

async function iis(
  more: { relayRanges?: readonly string[]; smartHosts?: readonly string[] } = {},
): Promise<readonly ImportedPart[]> {
  const root = await readXml(text);
  if (!root.ok) throw new Error(root.message);
  const parts = importIisSmtp(smtpServers(root.value), {
    relayRanges: more.relayRanges,
    smartHosts: more.smartHosts,
    known: [],
  });
  expect(withoutFaults(parts)).toEqual(parts);
  return parts;
}

function settings(parts: readonly ImportedPart[], name: string): unknown {
  const edit = parts.flatMap((part) => part.edits).find((each) => each.kind === "add" && each.name === name);
  return edit?.kind === "add" ? edit.settings : undefined;
}

describe("two virtual servers", () => {
  const shared = {
    fqdn: "web01.contoso.com",
    authMechanism: ["None"],
    permissionGroups: ["AnonymousUsers"],
    bindings: ["0.0.0.0:25", "10.1.1.5:2525"],
    maxInboundConnectionPerSource: "unlimited",
    maxInboundConnectionPercentagePerSource: 100,
    connectionTimeout: "1h",
    connectionInactivityTimeout: "10m",
    maxMessageSize: "25MB",
    maxRecipientsPerMessage: 100,
    maxHopCount: 30,
  };

  it("a server with what it has and what it inherits, its smart host and a remote domain", async () => {
    const parts = await iis();
    expect(settings(parts, "SMTP Virtual Server #1")).toEqual({
      ...shared,
      remoteIpRanges: ["127.0.0.1", "10.1.1.20", "10.2.0.0/16"],
      anonymousRelay: true,
    });
    expect(settings(parts, "SMTP Virtual Server #1 (others)")).toEqual({
      ...shared,
      remoteIpRanges: ["0.0.0.0/0"],
    });
    expect(settings(parts, "Smart host")).toEqual({
      enabled: false,
      addressSpaces: ["*"],
      smartHosts: ["smtp.provider.example"],
      port: 587,
      requireTls: true,
      maxConcurrentConnections: 100,
    });
    expect(settings(parts, "To partner.example")).toMatchObject({
      addressSpaces: ["*.partner.example"],
      smartHosts: ["[198.51.100.9]"],
    });
    expect(parts.find(({ title }) => title === "SMTP virtual server 1")?.edits).toEqual([
      { kind: "setSection", section: "transport", settings: { delayNotificationTimeout: "12h" } },
      {
        kind: "changeList",
        section: "acceptedDomains",
        remove: [],
        add: ["web01.contoso.com", "*.partner.example"],
      },
    ]);
    expect(JSON.stringify(parts)).not.toContain("0011223344");
  });

  it("a list that cannot be read lets nobody else relay, and what is given takes its place", async () => {
    const parts = await iis();
    expect(settings(parts, "IIS SMTP 2")).toMatchObject({
      remoteIpRanges: ["127.0.0.0/8"],
      authMechanism: ["BasicAuth"],
      permissionGroups: ["AnonymousUsers", "ExchangeUsers"],
      maxInboundConnection: "unlimited",
      maxMessageSize: "2MB",
    });
    expect(JSON.stringify(parts)).toContain("its octets are not of the form that is known");
    expect(parts.flatMap(({ toDo }) => toDo).map(({ command }) => command)).toContain(
      `weir Set-ReceiveConnector "IIS SMTP 2" -RemoteIPRanges "@{Add='ADDRESS'}"`,
    );
    const given = await iis({ relayRanges: ["10.7.0.0/16"], smartHosts: ["smtp.example.com:25"] });
    expect(settings(given, "IIS SMTP 2")).toMatchObject({ remoteIpRanges: ["10.7.0.0/16"] });
    expect(settings(given, "Smart host 2")).toMatchObject({ smartHosts: ["smtp.example.com:25"] });
  });

  it("each property of a server is told of", async () => {
    const root = await readXml(text);
    const [server] = root.ok ? smtpServers(root.value) : [];
    const told = new Set(
      (await iis()).flatMap(({ findings }) => findings.map(({ property }) => property.toLowerCase())),
    );
    expect([...(server?.properties.keys() ?? [])].filter((name) => !told.has(name))).toEqual([]);
  });
});

describe("RelayIpList", () => {
  // As public scripts write it for 127.0.0.1 alone.
  const local =
    "18000080200000803c00008044000080010000004c00000000000000000000000100000001000000020000000200000004000000000000004c00008000000000000000000000000000000000ffffffff7f000001";
  it.each([
    [local, { granted: ["127.0.0.1"], denied: [] }],
    ["", { granted: [], denied: [] }],
    [
      "18000080340000803c00008044000080010000004c0000000100000001000000020000000200000004000000000000004c000080000000000000000000000000000000000000000000000000ffffffffc0a80101",
      { granted: [], denied: ["192.168.1.1"] },
    ],
  ])("%# is read", (hex, list) => {
    expect(readIpList(hex)).toEqual({ ok: true, value: list });
  });

  it.each([
    "00",
    "zz",
    local.slice(0, -8),
    local.replace("02000000020000000400", "02000000090000000400"),
    local.replace("ffffffff7f", "ff00ff007f"),
    local.replace("0100000001000000", "ffffffff01000000"),
    "f".repeat(200),
  ])("%# is refused, never guessed", (hex) => {
    expect(readIpList(hex).ok).toBe(false);
  });
});
