/** Postfix's configuration as it stands on machines, and what is made of it. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { withoutFaults } from "../../src/config/import/faults.ts";
import type { ImportedPart } from "../../src/config/import/finding.ts";
import { importPostfix } from "../../src/config/import/postfix/import-postfix.ts";
import { readMainCf } from "../../src/config/import/postfix/main-cf.ts";
import { nextHopOf } from "../../src/config/import/postfix/next-hop.ts";

const fixtures = resolve(import.meta.dirname, "fixtures/postfix");

function postfix(
  given:
    | string
    | { readonly mainCf: string; readonly masterCf?: string; readonly files?: Record<string, string> },
  more: { smartHosts?: readonly string[]; passwordFile?: string; readable?: readonly string[] } = {},
): readonly ImportedPart[] {
  const folder = typeof given === "string" ? join(fixtures, given) : undefined;
  const read = (name: string): string => readFileSync(join(folder ?? "", name), "utf8");
  const names = folder === undefined ? [] : readdirSync(folder);
  const files =
    typeof given === "string"
      ? new Map(names.map((name) => [`/etc/postfix/${name}`, read(name)]))
      : new Map(Object.entries(given.files ?? {}));
  const parts = importPostfix({
    mainCf: typeof given === "string" ? read("main.cf") : given.mainCf,
    masterCf:
      typeof given === "string"
        ? names.includes("master.cf")
          ? read("master.cf")
          : undefined
        : given.masterCf,
    files,
    isReadable: (path) => more.readable?.includes(path) === true,
    known: [],
    smartHosts: more.smartHosts,
    passwordFile: more.passwordFile,
  });
  expect(withoutFaults(parts)).toEqual(parts);
  return parts;
}

function settings(parts: readonly ImportedPart[], name: string): unknown {
  const edits = parts.flatMap((part) => part.edits);
  const edit = edits.find((each) => each.kind === "add" && each.name === name);
  return edit?.kind === "add" ? edit.settings : undefined;
}

function told(parts: readonly ImportedPart[], property: string): string {
  const findings = parts.flatMap((part) => part.findings);
  return [
    ...new Set(
      findings.filter((each) => each.property === property).map(({ outcome, text }) => `${outcome}: ${text}`),
    ),
  ].join("\n");
}

const exempt = { maxInboundConnectionPerSource: "unlimited", maxInboundConnectionPercentagePerSource: 100 };

describe("the configurations of three machines", () => {
  it("a null client, as Debian sets it up", () => {
    const parts = postfix("null-client");
    expect(parts.map(({ title }) => title)).toEqual([
      "Receive connector Postfix",
      "Send connector Relayhost",
      "The relay as a whole",
    ]);
    expect(settings(parts, "Postfix")).toEqual({
      bindings: ["127.0.0.1:25", "[::1]:25"],
      remoteIpRanges: ["127.0.0.0/8", "::ffff:127.0.0.0/104", "::1/128"],
      fqdn: "app01.contoso.com",
      permissionGroups: ["AnonymousUsers"],
      anonymousRelay: true,
      ...exempt,
    });
    expect(settings(parts, "Relayhost")).toEqual({
      addressSpaces: ["*"],
      smartHosts: ["smtp.contoso.com:25"],
    });
    expect(parts[2]?.edits).toEqual([]);
  });

  const shared = {
    fqdn: "relay.contoso.com",
    authMechanism: ["None"],
    connectionTimeout: "1h",
    connectionInactivityTimeout: "15m",
    maxProtocolErrors: 10,
    tarpitInterval: "0s",
    maxMessageSize: "50MB",
    maxHeaderSize: "200KB",
    maxRecipientsPerMessage: 500,
    chunkingEnabled: false,
  };

  it("a relay with tables, two ports, limits, routes and a provider", () => {
    const parts = postfix("relay");
    expect(settings(parts, "Postfix")).toEqual({
      ...shared,
      ...exempt,
      bindings: ["0.0.0.0:25"],
      remoteIpRanges: [
        "127.0.0.0/8",
        "10.1.0.0/16",
        "192.168.7.12",
        "2001:db8:1::/48",
        "172.16.0.0/12",
        "198.51.100.7",
      ],
      permissionGroups: ["AnonymousUsers"],
      anonymousRelay: true,
      maxInboundConnection: 200,
    });
    expect(settings(parts, "Postfix (others)")).toEqual({
      ...shared,
      bindings: ["0.0.0.0:25"],
      remoteIpRanges: ["0.0.0.0/0", "::/0"],
      permissionGroups: ["AnonymousUsers"],
      maxInboundConnection: 200,
      maxInboundConnectionPerSource: 10,
      maxInboundConnectionPercentagePerSource: 100,
      messageRateLimit: 100,
    });
    expect(settings(parts, "Postfix 2525")).toMatchObject({
      bindings: ["0.0.0.0:2525"],
      remoteIpRanges: ["10.9.0.0/16"],
      maxInboundConnection: 50,
    });
    expect(settings(parts, "To contoso.com")).toMatchObject({
      addressSpaces: ["contoso.com", "*.contoso.com"],
      smartHosts: ["[10.1.1.20]:25"],
    });
    expect(settings(parts, "To branch.example")).toMatchObject({ smartHosts: ["mail.branch.example:2525"] });
    expect(parts.at(-1)?.edits).toEqual([
      {
        kind: "setSection",
        section: "transport",
        settings: { messageExpirationTimeout: "3d", delayNotificationTimeout: "2h" },
      },
      {
        kind: "changeList",
        section: "acceptedDomains",
        remove: [],
        add: ["*.contoso.com", "*.branch.example"],
      },
    ]);
  });

  it("says of each what could not be taken, and why", () => {
    const parts = postfix("relay");
    expect(told(parts, "mynetworks")).toContain("mail.example.net is no address");
    expect(told(parts, "mynetworks")).toContain("!10.1.66.0/24: there are no exceptions here");
    expect(told(parts, "transport_maps")).toContain("boss@contoso.com smtp:[10.9.9.9] - single recipients");
    expect(told(parts, "transport_maps")).toContain("pgsql:/etc/postfix/pgsql-transport.cf cannot be read");
    expect(told(parts, "reject_rbl_client zen.spamhaus.org")).toContain("leftOut");
    // OK of a client there lets it pass that list, and relay to nobody.
    expect(told(parts, "check_client_access hash:/etc/postfix/client_access")).toContain("leftOut");
    expect(told(parts, "virtual_alias_maps")).toContain("recipients are not rewritten here");
    expect(told(parts, "some_future_parameter")).toBe("leftOut: there is no such setting here");
    const main = readMainCf(readFileSync(join(fixtures, "relay/main.cf"), "utf8"));
    const known = new Set(parts.flatMap(({ findings }) => findings.map(({ property }) => property)));
    const silent = [...main.parameters.keys()].filter((name) => !known.has(name));
    // These are told under another name, or decide and are told by what they decide.
    expect(silent).toEqual([
      "smtp_sasl_auth_enable",
      "smtp_sasl_security_options",
      "smtpd_client_restrictions",
      "smtpd_recipient_restrictions",
    ]);
  });

  it("submission with SASL, postscreen, and port 465", () => {
    const parts = postfix("submission");
    expect(settings(parts, "Postfix submission")).toEqual({
      bindings: ["0.0.0.0:587", "[::]:587"],
      remoteIpRanges: ["0.0.0.0/0", "::/0"],
      fqdn: "mail.contoso.com",
      authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"],
      permissionGroups: ["ExchangeUsers"],
      requireTls: true,
      maxInboundConnectionPerSource: 50,
      maxInboundConnectionPercentagePerSource: 100,
      maxMessageSize: "2147483647",
    });
    expect(parts.find(({ title }) => title.endsWith("smtps"))?.skipped).toContain("TLS from the first octet");
    expect(settings(parts, "Postfix")).toMatchObject({ maxInboundConnectionPerSource: 50 });
    expect(told(parts, "postscreen")).toContain("leftOut");
    expect(settings(parts, "Relayhost")).toMatchObject({
      requireTls: true,
      tlsAuthLevel: "DomainValidation",
      tlsDomain: "gateway.contoso.com",
    });
    expect(told(parts, "relayhost")).toContain("MX records");
  });
});

describe("passwords", () => {
  it("never leave the table; without a file the connector is disabled", () => {
    const parts = postfix("relay");
    expect(JSON.stringify(parts)).not.toContain("s3cr3t");
    expect(settings(parts, "Relayhost")).toMatchObject({ enabled: false });
    expect(parts.flatMap(({ toDo }) => toDo)[0]?.command).toContain(
      "@{UserName='relay@contoso.com';PasswordFile='FILE'}",
    );
  });

  it("are read from a file that is named", () => {
    expect(settings(postfix("relay", { passwordFile: "password" }), "Relayhost")).toMatchObject({
      smartHostAuthMechanism: "BasicAuthRequireTLS",
      authenticationCredential: { userName: "relay@contoso.com", passwordFile: "password" },
    });
  });
});

describe("who may relay", () => {
  const clients = "10.2.2.2 OK\n10.3.3.3 REJECT\n";
  it.each([
    [
      "smtpd_relay_restrictions = check_client_access hash:/etc/postfix/c, reject_unauth_destination",
      ["10.2.2.2"],
    ],
    [
      "smtpd_relay_restrictions = permit_mynetworks, check_client_access hash:/etc/postfix/c, reject",
      ["10.2.2.2"],
    ],
    // Behind the refusal it says nothing about relaying.
    [
      "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination, check_client_access hash:/etc/postfix/c",
      [],
    ],
    ["smtpd_client_restrictions = check_client_access hash:/etc/postfix/c", []],
    // Before Postfix 2.10 the recipient's list decided.
    [
      "smtpd_recipient_restrictions = permit_mynetworks, check_client_access hash:/etc/postfix/c, reject_unauth_destination",
      ["10.2.2.2"],
    ],
  ])("%s", (line, added) => {
    const parts = postfix({
      mainCf: `mynetworks = 10.0.0.1\nrelayhost = [a.example]\n${line}\n`,
      files: { "/etc/postfix/c": clients },
    });
    const ranges =
      (settings(parts, "Postfix") as { remoteIpRanges?: string[] } | undefined)?.remoteIpRanges ?? [];
    expect(ranges.filter((range) => range !== "10.0.0.1")).toEqual(added);
  });

  it("nobody, where mynetworks is not permitted and there are no domains", () => {
    const [part] = postfix({
      mainCf: "smtpd_relay_restrictions = reject_unauth_destination\nrelayhost = [a.example]\n",
    });
    expect(part?.skipped).toContain("lets nobody relay");
  });
});

describe("main.cf", () => {
  it.each([
    ["a = x $b ${c} $(b)\nb = 1\nc = $b$b", "a", "x 1 11 1"],
    ["a = one,\n   two\n\tthree", "a", "one, two three"],
    ["# a = no\na = yes\na = last", "a", "last"],
    ["a = ${b?given}${b:missing}\nb = x", "a", "given"],
    ["a = ${b?{yes}:{no}}", "a", "no"],
    ["a = $a", "a", "$a"],
    ["a = $$x", "a", "$x"],
    ["a = $nobody", "a", "$nobody"],
    ["myhostname = h.x.example\na = $mydomain", "a", "x.example"],
  ])("%j: %s is %j", (text, name, value) => {
    expect(readMainCf(text).value(name)).toBe(value);
  });

  it("one that grows without end ends", () => {
    const text = Array.from(
      { length: 40 },
      (_, at) => `v${at} = $v${at + 1}$v${at + 1}$v${at + 1}$v${at + 1}`,
    ).join("\n");
    expect(readMainCf(text).value("v0")?.length).toBeLessThan(10_000_000);
    expect(readMainCf(`a = ${"${".repeat(20_000)}`).value("a")).toBeDefined();
  });
});

it.each([
  ["[smtp.example.com]:587", "smtp.example.com:587"],
  ["[192.0.2.1]", "[192.0.2.1]:25"],
  ["[ipv6:2001:db8::1]:25", "[2001:db8::1]:25"],
  ["[2001:db8::1]", "[2001:db8::1]:25"],
  ["example.com:smtp", "example.com:25"],
  ["[smtp.example.com]:smtps", undefined],
  ["[smtp.example.com]:nothing", undefined],
  ["", undefined],
])("next hop %j is %j", (text, smartHost) => {
  const hop = nextHopOf(text);
  expect(hop.ok ? hop.smartHost : undefined).toBe(smartHost);
});
