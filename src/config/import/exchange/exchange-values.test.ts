/** Exchange's values, numbers of enumerations and rights, as far as they come alone. */
import { describe, expect, test } from "vitest";
import type { SettingFact } from "../../setting-facts.ts";
import { exportedObject, type ExportedValue } from "../exported/exported-value.ts";
import { isNoSetting, saysNothing } from "./directory-properties.ts";
import { enumerationWords } from "./enumerations.ts";
import { readPermissions, rightsOn, type ConnectorRights } from "./permissions.ts";
import { settingValue } from "./setting-value.ts";

describe("numbers of", () => {
  test.each<[string, string, string[] | undefined]>([
    ["authMechanism", "0", ["None"]],
    ["authMechanism", "1", ["Tls"]],
    ["authMechanism", "2", ["Integrated"]],
    ["authMechanism", "4", ["BasicAuth"]],
    ["authMechanism", "8", ["BasicAuthRequireTLS"]],
    ["authMechanism", "16", ["ExchangeServer"]],
    ["authMechanism", "32", ["ExternalAuthoritative"]],
    [
      "authMechanism",
      "63",
      ["Tls", "Integrated", "BasicAuth", "BasicAuthRequireTLS", "ExchangeServer", "ExternalAuthoritative"],
    ],
    ["authMechanism", "64", undefined],
    ["authMechanism", "5 (0x5)", ["Tls", "BasicAuth"]],
    ["authMechanism", "Tls", undefined],
    ["permissionGroups", "0", ["None"]],
    ["permissionGroups", "1", ["AnonymousUsers"]],
    ["permissionGroups", "2", ["ExchangeUsers"]],
    ["permissionGroups", "4", ["ExchangeServers"]],
    ["permissionGroups", "8", ["ExchangeLegacyServers"]],
    ["permissionGroups", "16", ["Partners"]],
    ["permissionGroups", "32", ["Custom"]],
    ["permissionGroups", "64", undefined],
    ["messageRateSource", "0", ["None"]],
    ["messageRateSource", "1", ["IPAddress"]],
    ["messageRateSource", "2", ["User"]],
    ["messageRateSource", "3", ["All"]],
    ["messageRateSource", "4", undefined],
    ["protocolLoggingLevel", "0", ["None"]],
    ["protocolLoggingLevel", "1", ["Verbose"]],
    ["sizeEnabled", "0", ["Disabled"]],
    ["sizeEnabled", "1", ["Enabled"]],
    ["sizeEnabled", "2", ["EnabledwithoutValue"]],
    ["bindings", "1", undefined],
  ])("%s: %s", (setting, text, words) => {
    expect(enumerationWords(setting, text)).toEqual(words);
  });
});

describe("a value of kind", () => {
  const fact = (kind: string, name = "x", choices?: readonly string[]): SettingFact =>
    ({ name, kind, ...(choices === undefined ? {} : { choices }) }) as unknown as SettingFact;
  test.each<[string, ExportedValue, unknown]>([
    ["true or false", "True", true],
    ["true or false", "$true", true],
    ["true or false", true, true],
    ["true or false", 1, true],
    ["true or false", -1, true],
    ["true or false", "$FALSE", false],
    ["true or false", 0, false],
    ["true or false", "yes", undefined],
    ["true or false", "", undefined],
    ["integer", "5000", 5000],
    ["integer", "20 (0x14)", 20],
    ["integer", { IsUnlimited: true }, "unlimited"],
    ["integer", "Unlimited", "unlimited"],
    ["integer", "5.5", undefined],
    ["integer", "12345678901", undefined],
    ["percentage", "2 %", 2],
    ["duration", "00:10:00", "10m"],
    ["duration", "1.00:00:00", "1d"],
    ["duration", "PT10M", "10m"],
    ["duration", "P1DT2H3M4S", "1d2h3m4s"],
    ["duration", "PT0.5S", "0s"],
    ["duration", "P2D", "2d"],
    ["duration", "P", undefined],
    ["duration", "PT", undefined],
    ["duration", { TotalMilliseconds: 300_000 }, "5m"],
    ["duration", { Ticks: 50_000_000 }, "5s"],
    ["duration", { TotalMilliseconds: 300_000, Ticks: 50_000_000 }, "5m"],
    ["duration", "soon", undefined],
    ["size", "36 MB (37,748,736 bytes)", "36MB"],
    ["size", "36 MB (37.748.736 Bytes)", "36MB"],
    ["size", "36 MB (37\u00a0748\u202f736 octets)", "36MB"],
    ["size", "36 MB (37’748’736 Bytes)", "36MB"],
    ["size", "64KB", "64KB"],
    ["size", "large", undefined],
    ["list of address spaces", "SMTP:*;1", ["SMTP:*;1"]],
    ["list of address spaces", "SMTP:a.test;1, SMTP:b.test;5", ["SMTP:a.test;1", "SMTP:b.test;5"]],
    ["list of address spaces", "a.test;b.test", ["a.test", "b.test"]],
    ["list of IP ranges", "10.0.0.0/8;10.1.0.1 - 10.1.0.9", ["10.0.0.0/8", "10.1.0.1-10.1.0.9"]],
    ["list of address:port", ["0.0.0.0:25", "[::]:25"], ["0.0.0.0:25", "[::]:25"]],
    ["list of hosts", "[10.0.0.1],mx.test", ["[10.0.0.1]", "mx.test"]],
    ["text", " a b ", "a b"],
  ])("%s: %j", (kind, value, expected) => {
    const read = settingValue(fact(kind), value);
    expect(read.ok ? read.value : undefined).toEqual(expected);
  });

  test("words are spelt as the setting spells them", () => {
    const words = fact("list", "authMechanism", ["None", "Tls", "BasicAuth"]);
    const read = (value: ExportedValue): unknown => Object.values(settingValue(words, value)).at(-1);
    expect(read("TLS, basicauth, Else")).toEqual(["Tls", "BasicAuth", "Else"]);
    expect(read(5)).toEqual(["Tls", "BasicAuth"]);
    const word = fact("one word", "messageRateSource", ["IPAddress", "User"]);
    expect([settingValue(word, "user"), settingValue(word, 1), settingValue(word, "else")]).toMatchObject([
      { value: "User" },
      { value: "IPAddress" },
      { value: "else" },
    ]);
    expect(settingValue(fact("one word"), "x")).toMatchObject({ value: "x" });
  });
});

test.each<[string, ExportedValue, boolean, boolean]>([
  ["Identity", "EX01\\App", true, false],
  ["WHENCREATED", "today", true, false],
  ["Bindings", "0.0.0.0:25", false, false],
  ["Foo", "", false, true],
  ["Foo", "False", false, true],
  ["Foo", "None", false, true],
  ["Foo", 0, false, true],
  ["Foo", "{}", false, true],
  ["Foo", "1", false, false],
  ["MaxLocalHopCount", "5", false, true],
  ["MaxLocalHopCount", 8, false, true],
  ["MaxLocalHopCount", "12", false, true],
  ["MaxLocalHopCount", "7", false, false],
  ["ConnectorType", "Default", false, true],
  ["ErrorPolicies", "default", false, true],
  ["SourceIPAddress", "0.0.0.0", false, true],
  ["SourceIPAddress", "::", false, true],
  ["SourceIPAddress", "10.0.0.1", false, false],
])("%s = %j: no setting %s, says nothing %s", (name, value, none, nothing) => {
  expect([isNoSetting(name), saysNothing(name, value)]).toEqual([none, nothing]);
});

describe("rights", () => {
  const relay = "ms-Exch-SMTP-Accept-Any-Recipient";
  const entry = (
    user: string,
    rights: readonly string[],
    more: Partial<ConnectorRights> = {},
  ): ConnectorRights => ({
    identity: "EX01\\App Relay",
    user,
    deny: false,
    rights: rights.map((right) => right.toLowerCase()),
    ...more,
  });
  const connector = { identity: "EX01\\App Relay", name: "App Relay", isOnly: false };

  test.each<[string, ConnectorRights[], object | undefined, object?]>([
    [
      "of anonymous clients",
      [entry("NT AUTHORITY\\ANONYMOUS LOGON", [relay])],
      { anonymousRelay: true, accounts: [] },
    ],
    [
      "in another language",
      [entry("NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG", [relay])],
      { anonymousRelay: true, accounts: [] },
    ],
    ["by its identifier", [entry("s-1-5-7", [relay])], { anonymousRelay: true, accounts: [] }],
    [
      "cut by a table",
      [entry("ANON...", ["ms-Exch-SMTP-Accept-Any-R"])],
      { anonymousRelay: true, accounts: [] },
    ],
    [
      "another right",
      [entry("ANONYMOUS LOGON", ["ms-Exch-SMTP-Accept-Any-Sender"])],
      { anonymousRelay: false, accounts: [] },
    ],
    [
      "of a domain called anon",
      [entry("ANON\\app", [relay])],
      { anonymousRelay: false, accounts: ["ANON\\app"] },
    ],
    [
      "denied",
      [entry("ANONYMOUS LOGON", [relay]), entry("anonymous logon", [relay], { deny: true })],
      { anonymousRelay: false, accounts: [] },
    ],
    [
      "another one denied",
      [entry("ANONYMOUS LOGON", [relay]), entry("A\\b", [relay], { deny: true })],
      { anonymousRelay: true, accounts: [] },
    ],
    [
      "of accounts",
      [entry("A\\app", [relay, "x"]), entry("A\\b", ["x"])],
      { anonymousRelay: false, accounts: ["A\\app"] },
    ],
    [
      "that come with groups",
      [
        "MS Exchange\\Edge",
        "S-1-9-1419165041-1",
        "S-1-5-11",
        "A\\Exchange Servers",
        "NT AUTHORITY\\Authenticated Users",
        "A\\Domain Admins",
      ].map((user) => entry(user, [relay])),
      { anonymousRelay: false, accounts: [] },
    ],
    ["on another connector", [entry("A\\b", [relay], { identity: "EX01\\Other" })], undefined],
    ["on another server", [entry("A\\b", [relay], { identity: "EX02\\App Relay" })], undefined],
    [
      "in another case",
      [entry("A\\b", [relay], { identity: "ex01\\APP relay" })],
      { anonymousRelay: false, accounts: ["A\\b"] },
    ],
    [
      "by the name alone",
      [entry("A\\b", [relay], { identity: "app relay" })],
      { anonymousRelay: false, accounts: ["A\\b"] },
    ],
    [
      "of a connector without its server",
      [entry("A\\b", [relay])],
      { anonymousRelay: false, accounts: ["A\\b"] },
      { identity: "App Relay" },
    ],
    ["without an identity", [entry("A\\b", [relay], { identity: "" })], undefined],
    [
      "without one, of the only connector",
      [entry("A\\b", [relay], { identity: "" })],
      { anonymousRelay: false, accounts: ["A\\b"] },
      { isOnly: true },
    ],
  ])("%s", (_, permissions, granted, more = {}) => {
    expect(rightsOn(permissions, { ...connector, ...more })).toEqual(granted);
  });

  test("are read of Get-ADPermission, and of nothing else", () => {
    const object = (values: Record<string, ExportedValue>) =>
      exportedObject(Object.entries(values).map(([name, value]) => ({ name, value })));
    expect(
      readPermissions([
        object({ Identity: "EX01\\A", User: "B\\c", Deny: "True", ExtendedRights: ["A-B", "C"] }),
        object({ User: "B\\d", ExtendedRights: null }),
      ]),
    ).toEqual({
      ok: true,
      value: [
        { identity: "EX01\\A", user: "B\\c", deny: true, rights: ["a-b", "c"] },
        { identity: "", user: "B\\d", deny: false, rights: [] },
      ],
    });
    expect(readPermissions([object({ Name: "x" })])).toMatchObject({ ok: false });
    expect(readPermissions([object({ User: "x" })])).toMatchObject({ ok: false });
  });
});
