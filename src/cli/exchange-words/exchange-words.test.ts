import { describe, expect, it } from "vitest";
import { refusedSettings } from "../../config/refused-settings.ts";
import { factSections, settingFacts } from "../../config/setting-facts.ts";
import { bindArguments } from "../arguments/bind-arguments.ts";
import { findName } from "../arguments/find-name.ts";
import { cmdlets } from "../cmdlets/all.ts";
import { main } from "../main.ts";
import { recordingOutput } from "../../testing/recording-output.ts";
import { adPermissionLines, shownPermissionLines } from "./ad-permission.ts";
import { cmdletWordFor, cmdletWords } from "./cmdlets.ts";
import { asParameters } from "./setting-words.ts";

function bind(command: string, ...words: string[]) {
  const cmdlet = cmdlets.find(({ name }) => name === command);
  if (cmdlet === undefined) throw new Error(`there is no ${command}`);
  return bindArguments(cmdlet, words);
}

describe("Exchange's parameters", () => {
  it.each([
    ["Get-ReceiveConnector", ["-Server", "EX01"], {}, /^-Server is left aside: this relay is one server/],
    ["Get-ReceiveConnector", ["-server:EX01", "In"], { Identity: "In" }, /^-server is left aside/],
    ["Get-MessageTrackingLog", ["-DomainController", "DC1"], {}, /no Active Directory/],
    ["Get-TransportService", ["EX01"], {}, /^EX01 is left aside: this relay is one server/],
    ["Get-TransportService", ["-Identity", "EX01", "-Json"], { Json: true }, /^-Identity is left aside/],
    [
      "Set-TransportService",
      ["EX01", "-MessageExpirationTimeout", "1d"],
      { MessageExpirationTimeout: "1d" },
      /EX01/,
    ],
    ["Get-EventLog", ["Application", "-InstanceId", "1021"], { EventId: [1021] }, /one log of events/],
    ["Get-EventLog", ["-LogName", "Application", "-Newest", "5"], { Newest: 5 }, /one log of events/],
    ["Get-EventLog", ["-MaxEvents", "5", "-WhatIf"], { Newest: 5 }, /nothing is changed/],
    [
      "New-ReceiveConnector",
      ["App", "-Custom", "-TransportRole", "FrontendTransport"],
      { Name: "App", Usage: "custom" },
      /^-TransportRole is left aside: this relay has one transport service$/,
    ],
    [
      "New-ReceiveConnector",
      ["App", "-Internet:$true", "-Ea", "Stop"],
      { Name: "App", Usage: "internet" },
      /^-Ea /,
    ],
    ["New-ReceiveConnector", ["App", "-Partner:$false", "-Force"], { Name: "App" }, /nothing is asked/],
    [
      "Set-SendConnector",
      ["Out", "-DomainSecureEnabled", "$false", "-Port", "26"],
      { Identity: "Out", Port: 26 },
      /^-DomainSecureEnabled \$false is how it is anyway/,
    ],
    [
      "New-SendConnector",
      ["Out", "-Usage", "Custom", "-SourceTransportServers", "EX01,", "EX02", "-AddressSpaces", "*"],
      { Name: "Out", AddressSpaces: ["*"] },
      /^-Usage is left aside/,
    ],
  ])("%s %j", (command, words, args, note) => {
    const bound = bind(command, ...words);
    expect(bound).toMatchObject({ ok: true });
    if (!bound.ok) return;
    expect(Object.fromEntries(bound.args)).toEqual(args);
    expect(bound.notes[0] ?? "").toMatch(note);
  });

  it.each([
    [
      "Set-ReceiveConnector",
      ["App", "-TlsCertificateName", "<I>CN=x"],
      "-TlsCertificateName is not supported: certificates are files here; use -TlsCertificateFile and -TlsKeyFile",
    ],
    ["Set-ReceiveConnector", ["App", "-Usage", "Client"], /presets a new connector only/],
    ["Get-Queue", ["-BookmarkObject", "x"], /-ResultSize Unlimited/],
    ["Set-TransportService", ["EX01", "-ShadowRedundancyEnabled", "$true"], /on disk before/],
  ])("%s %j says what to type", (command, words, text) => {
    const bound = bind(command, ...words);
    expect(bound).toMatchObject({ ok: false, told: true, faults: [expect.stringMatching(text)] });
  });

  it("a command's own parameter goes before Exchange's, a beginning behind it", () => {
    expect(bind("Get-EventLog", "-Sou", "10.0.0.1")).toMatchObject({ ok: true, notes: [] });
    expect(bind("Get-Message", "-Serv", "EX01")).toMatchObject({
      ok: true,
      notes: [expect.stringMatching(/^-Serv/)],
    });
    expect(bind("Get-Message", "-Sorv", "x")).toMatchObject({ ok: false, told: false });
  });

  it("are asked for nowhere else: no setting that is refused by name exists", () => {
    for (const [section, reasons] of Object.entries(refusedSettings)) {
      const names = new Set(settingFacts(section as keyof typeof factSections).map(({ name }) => name));
      expect(Object.keys(reasons).filter((name) => names.has(name))).toEqual([]);
    }
  });

  it("name settings as parameters in the shell", () => {
    expect(asParameters("use `requireTls` and `remoteIpRanges`")).toBe("use -RequireTLS and -RemoteIPRanges");
    const known = new Set(
      (["receiveConnectors", "sendConnectors"] as const).flatMap((section) =>
        settingFacts(section).map(({ name }) => name),
      ),
    );
    for (const text of Object.values(refusedSettings).flatMap((reasons) => Object.values(reasons)))
      for (const [, name = ""] of text.matchAll(/`([^`]+)`/g)) expect([...known], text).toContain(name);
  });
});

describe("Exchange's cmdlets", () => {
  it.each([
    ["add-adpermission", "from"],
    ["Get-TransportServer", "alias"],
    ["Add-PSSnapin", "notNeeded"],
    ["Get-Mailbox", "say"],
    ["Set-MailboxServer", "say"],
    ["Get-OwaVirtualDirectory", "say"],
    ["Install-TransportAgent", "say"],
  ])("%s", (typed, kind) => {
    expect(Object.keys(cmdletWordFor(typed) ?? {})).toContain(kind);
  });

  it("know nothing of what is none", () => {
    expect(cmdletWordFor("Get-Nonsense")).toBeUndefined();
    expect(cmdletWordFor("help")).toBeUndefined();
  });

  it("lead to commands that are there", () => {
    for (const { answer } of cmdletWords) {
      if ("alias" in answer) expect(findName(answer.alias[0], cmdlets, { exactly: true }).kind).toBe("found");
      const text = "say" in answer ? answer.say : "notNeeded" in answer ? answer.notNeeded : "";
      for (const [, command = ""] of text.matchAll(/\bweir ([A-Z][a-z]+-[A-Za-z]+)/g))
        expect(findName(command, cmdlets, { exactly: true }).kind, command).toBe("found");
    }
  });

  it.each([
    [["Get-Help"], 0, /Usage: weir COMMAND/],
    [["Get-Help", "Set-ReceiveConnector", "-Full"], 0, /^Set-ReceiveConnector\n/],
    [["Get-Command", "*-Queue"], 0, /Retry-Queue/],
    [["Get-Command", "-Noun", "Queue"], 0, /Suspend-Queue/],
    [["help", "Get-TransportServer"], 0, /^Get-TransportServer is weir Get-TransportService here\nGet-Tr/],
    [["help", "Add-ADPermission"], 0, /-AnonymousRelay true/],
    [["help", "nonsense"], 2, /^$/],
  ])("%j", async (words, code, out) => {
    const output = recordingOutput();
    expect(await main(words, output)).toBe(code);
    expect(output.out()).toMatch(out);
  });
});

describe("rights", () => {
  it.each([
    [
      [
        "-User",
        "NT AUTHORITY\\ANONYMOUS LOGON",
        "-ExtendedRights",
        "ms-Exch-SMTP-Accept-Any-Recipient",
        "App Relay",
      ],
      '  weir Set-ReceiveConnector "App Relay" -AnonymousRelay true',
    ],
    [
      ["EX01\\App", "-User:ANONYMOUS LOGON", "–ExtendedRights:Ms-Exch-SMTP-Accept-Any-Recipient"],
      "  weir Set-ReceiveConnector App -AnonymousRelay true",
    ],
    [
      ["App", "-User", "CORP\\svc", "-ExtendedRights", "ms-Exch-SMTP-Submit"],
      `  weir Set-ReceiveConnector App -PermissionGroups "@{Add='ExchangeUsers'}"`,
    ],
    [
      ["App", "-User", "x", "-ExtendedRights", "'ms-Exch-Bypass-Anti-Spam',", "ms-Exch-Foo"],
      "  nothing for ms-Exch-Bypass-Anti-Spam: there is no content filter here to bypass",
    ],
    [[], "  weir Set-ReceiveConnector NAME -AnonymousRelay true"],
  ])("%j", (words, line) => {
    expect(adPermissionLines("Add", words)).toContain(line);
  });

  it("are taken back and shown", () => {
    expect(adPermissionLines("Remove", ["App"])).toContain(
      "  weir Set-ReceiveConnector App -AnonymousRelay false",
    );
    expect(shownPermissionLines(["EX01\\App Relay"])[1]).toMatch(
      /^ {2}weir Get-ReceiveConnector "App Relay" -Property /,
    );
  });
});
