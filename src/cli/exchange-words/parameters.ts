/** Which parameters of Exchange's cmdlets are no parameters here, and what they are answered. */
import { wildcard } from "../wildcard.ts";
import type { ParameterWord } from "./parameter-word.ts";
import { settingWords } from "./setting-words.ts";

export interface WordsOfCmdlets {
  /** Names of commands, with `*`. */
  readonly on: readonly string[];
  readonly words: readonly ParameterWord[];
}

const oneServer = "this relay is one server; --config FILE chooses another";
const value = (
  name: string,
  answer: ParameterWord["answer"],
  aliases?: readonly string[],
): ParameterWord => ({
  name,
  takes: "value",
  answer,
  ...(aliases === undefined ? {} : { aliases }),
});
const alone = (name: string, answer: ParameterWord["answer"]): ParameterWord => ({
  name,
  takes: "nothing",
  answer,
});
const theServer: ParameterWord = { ...value("Identity", { ignored: oneServer }), position: 0 };

/** What every cmdlet takes: Exchange's own, then PowerShell's common parameters. */
const everywhere = (): readonly ParameterWord[] => [
  value("Server", { ignored: oneServer }, ["ComputerName", "CN"]),
  value("DomainController", { ignored: "there is no Active Directory here" }),
  alone("Confirm", { ignored: "nothing is asked here" }),
  alone("Force", { ignored: "nothing is asked here" }),
  alone("Verbose", { ignored: "there is no more to tell" }),
  alone("Debug", { ignored: "there is no more to tell" }),
  ...[
    ["ErrorAction", "EA"],
    ["WarningAction", "WA"],
    ["InformationAction", "InfA"],
    ["ProgressAction", "ProgA"],
    ["ErrorVariable", "EV"],
    ["WarningVariable", "WV"],
    ["OutVariable", "OV"],
    ["OutBuffer", "OB"],
  ].map(([name = "", alias = ""]) =>
    value(name, { ignored: "what goes wrong is told on stderr and by the exit code" }, [alias]),
  ),
  alone("ReturnPageInfo", { ignored: "results come in one piece here" }),
  value("SearchForward", { ignored: "results come in one piece here" }),
  ...["BookmarkIndex", "BookmarkObject", "IncludeBookmark"].map((name) =>
    value(name, { refused: "results come in one piece here; -ResultSize Unlimited gives all of them" }),
  ),
];

/**
 * From the general to the special; the command's own parameters go before all of them. Made when they are asked for, which
 * most commands never do.
 */
export const parameterWords = (): readonly WordsOfCmdlets[] => [
  { on: ["*"], words: everywhere() },
  { on: ["Get-*"], words: [alone("WhatIf", { ignored: "nothing is changed by it" })] },
  {
    on: ["New-ReceiveConnector"],
    words: ["Custom", "Client", "Internal", "Internet", "Partner"].map((usage) =>
      alone(usage, { becomes: ["Usage", usage.toLowerCase()] }),
    ),
  },
  {
    on: ["Set-ReceiveConnector"],
    words: [
      value("Usage", {
        refused:
          "it presets a new connector only; change -PermissionGroups, -AuthMechanism and -Bindings themselves",
      }),
    ],
  },
  {
    on: ["Set-ReceiveConnector", "Set-SendConnector"],
    words: [
      value("Name", {
        refused: "a connector is renamed in weir.yaml: write the new name there, and save the file",
      }),
    ],
  },
  { on: ["*-ReceiveConnector"], words: settingWords("receiveConnectors") },
  {
    on: ["New-SendConnector"],
    words: ["Custom", "Internal", "Internet", "Partner"].map((usage) =>
      alone(usage, { ignored: "a send connector's usage presets nothing here" }),
    ),
  },
  { on: ["*-SendConnector"], words: settingWords("sendConnectors") },
  { on: ["*-TransportService"], words: [theServer, ...settingWords("transport")] },
  { on: ["*-TransportConfig"], words: [theServer] },
  {
    on: ["Redirect-Message"],
    words: [
      value("Target", {
        refused:
          "messages go to another send connector here: -Connector CONNECTOR or -Server HOST names it, and -Queue or -Filter what is moved",
      }),
    ],
  },
  {
    on: ["Test-SmtpConnectivity"],
    words: [value("Identity", { ignored: oneServer }), value("MonitoringContext", { ignored: oneServer })],
  },
  {
    on: ["Get-MessageTrackingLog"],
    words: [
      value("TransportTrafficType", { ignored: "all traffic is mail here" }),
      value("NetworkMessageId", {
        refused: "messages are known by -MessageId and -InternalMessageId here",
      }),
    ],
  },
  {
    on: ["Get-EventLog"],
    words: [
      { ...value("LogName", { ignored: "there is one log of events here" }), position: 0 },
      value("ProviderName", { ignored: "there is one source of events here" }),
      value("MaxEvents", { renamed: "Newest" }),
      value("FilterHashtable", {
        refused: "write -EventId 1021 -Severity Warning -Last 1h; weir help Get-EventLog lists all",
      }),
      value("FilterXPath", {
        refused: "write -EventId 1021 -Severity Warning -Last 1h; weir help Get-EventLog lists all",
      }),
      ...["UserName", "Index"].map((name) =>
        value(name, { refused: "events have none here; -EventId, -Source and -Text find them" }),
      ),
      alone("AsString", { ignored: "events are texts already" }),
    ],
  },
  {
    on: ["status"],
    words: [
      { ...value("Name", { ignored: "weir is one service" }, ["Identity", "DisplayName"]), position: 0 },
      alone("Status", { ignored: "all of it is shown" }),
    ],
  },
  {
    on: ["help"],
    words: [
      ...["Full", "Detailed", "Examples", "Online", "ShowWindow", "Syntax"].map((name) =>
        alone(name, { ignored: "" }),
      ),
      value("Parameter", { ignored: "all parameters are explained" }),
      value("Name", { renamed: "Command" }),
      value("Noun", { renamed: "Command" }),
      value("Verb", { renamed: "Command" }),
      value("Module", { ignored: "all commands are Weir's" }),
      value("CommandType", { ignored: "all commands are Weir's" }),
    ],
  },
];

/** What Exchange has for this command and it has not itself; the most special first. */
export function wordsOf(
  cmdlet: string,
  own: readonly { readonly name: string; readonly aliases?: readonly string[] }[],
): readonly ParameterWord[] {
  const taken = new Set(own.flatMap(({ name, aliases = [] }) => [name, ...aliases].map(plain)));
  const words: ParameterWord[] = [];
  for (const { on, words: some } of parameterWords().toReversed()) {
    if (!on.some((pattern) => fits(pattern, cmdlet))) continue;
    for (const word of some) {
      if (taken.has(plain(word.name))) continue;
      taken.add(plain(word.name));
      words.push(word);
    }
  }
  return words;
}

function fits(pattern: string, name: string): boolean {
  return wildcard(pattern)?.(name) ?? plain(pattern) === plain(name);
}

function plain(name: string): string {
  return name.toLowerCase();
}
