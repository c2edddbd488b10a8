import { describe, expect, it } from "vitest";
import type { Parameter } from "../cmdlet.ts";
import { bindArguments } from "./bind-arguments.ts";

const parameters: readonly Parameter[] = [
  { name: "Identity", kind: "text", position: 0, help: "" },
  {
    name: "Level",
    kind: "choice",
    position: 1,
    choices: ["Lowest", "Expert"],
    choiceNames: { 0: "Lowest", 7: "Expert" },
    help: "",
  },
  { name: "MaxInboundConnection", kind: "value", help: "" },
  { name: "MaxInboundConnectionPerSource", kind: "value", help: "" },
  { name: "RemoteIPRanges", kind: "changeableList", help: "" },
  { name: "AuthenticationCredential", kind: "section", help: "" },
  { name: "Enabled", kind: "boolean", help: "" },
  { name: "EventId", aliases: ["Id"], kind: "numbers", help: "" },
  { name: "Last", kind: "duration", help: "" },
  { name: "Newest", kind: "number", least: 1, help: "" },
  { name: "Category", kind: "list", choices: ["SmtpReceive", "DSN"], candidates: "category", help: "" },
  { name: "Groups", kind: "changeableList", choices: ["None", "Partners"], setting: "groups", help: "" },
  { name: "WhatIf", kind: "switch", help: "" },
  { name: "Config", aliases: ["c"], kind: "text", help: "" },
];
const bind = (...words: string[]) => bindArguments({ name: "Set-Thing", parameters }, words);
const bound = (...words: string[]): Record<string, unknown> => {
  const result = bind(...words);
  if (!result.ok) throw new Error(result.faults.join("; "));
  return Object.fromEntries(result.args);
};
const faults = (...words: string[]): readonly string[] => {
  const result = bind(...words);
  return result.ok ? [] : result.faults;
};

describe("parameters are named", () => {
  it.each([
    [["-MaxInboundConnectionPerSource", "40"], { MaxInboundConnectionPerSource: 40 }],
    [["-maxinboundconnectionpersource:40"], { MaxInboundConnectionPerSource: 40 }],
    [["--max-inbound-connection-per-source", "40"], { MaxInboundConnectionPerSource: 40 }],
    [["--max-inbound-connection-per-source=40"], { MaxInboundConnectionPerSource: 40 }],
    [["-MaxInboundConnection", "40"], { MaxInboundConnection: 40 }],
    [["-MaxInboundConnectionP", "40"], { MaxInboundConnectionPerSource: 40 }],
    [["--remote-ip", "10.0.0.1"], { RemoteIPRanges: ["10.0.0.1"] }],
    [["-c", "weir.yaml"], { Config: "weir.yaml" }],
    [["-Id", "1021,1009"], { EventId: [1021, 1009] }],
    [["AppRelay", "-WhatIf"], { Identity: "AppRelay", WhatIf: true }],
    [["-WhatIf", "AppRelay"], { Identity: "AppRelay", WhatIf: true }],
    [["-WhatIf:$false", "AppRelay"], { Identity: "AppRelay", WhatIf: false }],
    [["-Level", "expert", "AppRelay"], { Identity: "AppRelay", Level: "Expert" }],
    [["AppRelay", "expert"], { Identity: "AppRelay", Level: "Expert" }],
    [["AppRelay", "7"], { Identity: "AppRelay", Level: "Expert" }],
    [["–Level", "0", "—WhatIf"], { Level: "Lowest", WhatIf: true }],
    [["--", "-odd name"], { Identity: "-odd name" }],
    [["-Identity:-odd"], { Identity: "-odd" }],
  ])("%j", (words, args) => {
    expect(bound(...words)).toEqual(args);
  });
});

describe("values are read", () => {
  it.each([
    [["-MaxInboundConnection", "unlimited"], "unlimited"],
    [["-MaxInboundConnection", "Unlimited"], "unlimited"],
    [["-MaxInboundConnection", "$null"], null],
    [["-MaxInboundConnection", "$NULL"], null],
    [["-MaxInboundConnection", "default"], null],
    [["-MaxInboundConnection", ""], null],
    [["-MaxInboundConnection", "25MB"], "25MB"],
    [["-MaxInboundConnection", "'00:05:00'"], "00:05:00"],
    [["-Enabled", "$true"], true],
    [["-Enabled", "FALSE"], false],
    [["-Enabled:$false"], false],
    [["-Identity", ""], ""],
    [
      ["-RemoteIPRanges", "10.0.0.1,'10.0.0.2' , \"10.0.0.3\""],
      ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
    ],
    [
      ["-RemoteIPRanges", "10.0.0.1,", "10.0.0.2"],
      ["10.0.0.1", "10.0.0.2"],
    ],
    [
      ["-RemoteIPRanges", "10.0.0.1", "-RemoteIPRanges", "10.0.0.2"],
      ["10.0.0.1", "10.0.0.2"],
    ],
    [["-RemoteIPRanges", "@{Add='a','b'; Remove=\"c;d\"}"], { add: ["a", "b"], remove: ["c;d"] }],
    [["-RemoteIPRanges", "@{add=@('a','b')}"], { add: ["a", "b"], remove: [] }],
    [
      ["-AuthenticationCredential", "@{UserName='o''neill';PasswordFile='/etc/p'}"],
      { userName: "o'neill", passwordFile: "/etc/p" },
    ],
    [["-Last", "1h30m"], 5_400_000],
    [["-Last", "1.00:00:00"], 86_400_000],
    [["-Newest", "5"], 5],
    [
      ["-Category", "dsn,MSExchangeTransport\\smtpreceive"],
      ["DSN", "SmtpReceive"],
    ],
    [
      ["-Groups", "partners,Custom"],
      ["Partners", "Custom"],
    ],
  ])("%j", (words, value) => {
    expect(Object.values(bound(...words))).toEqual([value]);
  });

  it("keys in quotes may be addresses and patterns", () => {
    const text = `@{"Noreply@contoso.com"='a@b.example'; '*@contoso.com' = 'c@b.example';'<>'=d@b.example;'*'='e@b.example'}`;
    expect(bound("-AuthenticationCredential", text)).toEqual({
      AuthenticationCredential: {
        "noreply@contoso.com": "a@b.example",
        "*@contoso.com": "c@b.example",
        "<>": "d@b.example",
        "*": "e@b.example",
      },
    });
  });

  it("PowerShell's lists come as words of their own behind all places", () => {
    expect(bound("App", "Expert", "-RemoteIPRanges", "10.0.0.1", "10.0.0.2")).toMatchObject({
      RemoteIPRanges: ["10.0.0.1", "10.0.0.2"],
    });
  });
});

describe("what is wrong is told, all of it", () => {
  it.each([
    [
      ["-AuthenticationCredential", "@{UserName='relay';password='s3cret'}"],
      /-AuthenticationCredential takes no password: .* PasswordFile=/,
    ],
    [
      ["-MaxInboundConnectionPreSource", "4"],
      /no parameter -MaxInboundConnectionPreSource; did you mean -MaxInboundConnectionPerSource\?/,
    ],
    [["-Max", "4"], /-Max may be -MaxInboundConnection or -MaxInboundConnectionPerSource/],
    [["-Enabled"], /-Enabled needs a value: true or false/],
    [["-Enabled", "-WhatIf"], /-Enabled needs a value/],
    [["-Enabled:"], /leave out the \$/],
    [["-Enabled", "maybe"], /takes true or false, not maybe/],
    [["a", "Expert", "b"], /^b is one word too many/],
    [["a", "-Identity", "b"], /-Identity is given twice/],
    [["-Level", "Expret"], /takes one of Lowest, Expert, not Expret; did you mean Expert\?/],
    [["-RemoteIPRanges", "System.Collections.Hashtable"], /put it in quotes/],
    [["-RemoteIPRanges", "@{Ad='x'}"], /Ad is neither/],
    [["-RemoteIPRanges", "@{Add"], /is no hashtable/],
    [["-AuthenticationCredential", "x"], /is no hashtable/],
    [["-Id", "10x"], /a whole number, not 10x/],
    [["-Newest", "0"], /-Newest takes a whole number from 1 on, not 0/],
    [["-Category", "DNS"], /takes one of SmtpReceive, DSN, not DNS; did you mean DSN\?/],
    [["-Last", "5"], /-Last .*without a unit/],
  ])("%j", (words, fault) => {
    expect(faults(...words)).toEqual([expect.stringMatching(fault)]);
  });

  it("several at once, without taking a value for a word", () => {
    expect(faults("App", "-Foo", "bar", "-Newest", "x")).toEqual([
      "Set-Thing has no parameter -Foo",
      "-Newest takes a whole number, not x",
    ]);
  });

  it("what must be given", () => {
    const required: Parameter = { name: "Identity", kind: "text", position: 0, required: true, help: "" };
    expect(bindArguments({ name: "x", parameters: [required] }, [])).toEqual({
      ok: false,
      told: false,
      faults: ["-Identity is missing"],
    });
  });
});
