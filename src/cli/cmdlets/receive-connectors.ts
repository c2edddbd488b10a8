/** Get-, New-, Set-, Remove-, Enable-, Disable-, Test-ReceiveConnector. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { changing, force, server, showing } from "./common-parameters.ts";
import { receiveConnectorFacts } from "../../config/generated/setting-facts.ts";
import { settingParameters } from "./setting-parameters.ts";

const group = "Receive connectors";

const anyIdentity: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "NAME",
  candidates: "receiveConnector",
  help: "The connector's name, or a pattern with * and ?; all when left out.",
};
/** Settings that decide whom a connector serves and limits. */
const tried: ReadonlySet<string> = new Set([
  "maxInboundConnection",
  "maxInboundConnectionPerSource",
  "maxInboundConnectionPercentagePerSource",
  "messageRateLimit",
  "messageRateSource",
  "limitAction",
  "limitDelay",
  "remoteIpRanges",
  "bindings",
  "enabled",
]);
const identity: Parameter = { ...anyIdentity, required: true, help: "The connector's name." };

export const receiveConnectorCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-ReceiveConnector",
    group,
    synopsis: "Show receive connectors: several as a table, one with every setting.",
    description: [
      "The list of one connector marks the settings that the file does not give as (default). A connector that somebody makes has 20 connections per source and 2 % of those that remain; the Default connector has neither limit. This is the usual reason for SMTP 4.x.x errors some weeks later.",
    ],
    parameters: [anyIdentity, ...showing],
    examples: [
      { command: "weir Get-ReceiveConnector", text: "All of them, with their limits and open connections." },
      { command: "weir Get-ReceiveConnector AppRelay", text: "Every setting of one, as | fl shows it." },
      {
        command: "weir Get-ReceiveConnector AppRelay --json",
        text: "The same for scripts, with an object that tells which values are defaults.",
      },
    ],
    load: async () => (await import("../run/get-connectors.ts")).getReceiveConnector,
  },
  {
    name: "Set-ReceiveConnector",
    group,
    synopsis: "Change settings of a receive connector, in weir.yaml and at once in the running relay.",
    description: [
      "The setting is changed in the file, whose comments and order stay, and applied before the command ends. New connections come in under the new value; open ones are left alone.",
      "'$null' (in quotes) puts a setting back to its default. Lists are replaced as a whole, or changed with @{Add='a','b';Remove='c'}.",
    ],
    parameters: [identity, ...settingParameters(receiveConnectorFacts, ["usage", "name"]), ...changing],
    examples: [
      {
        command: "weir Set-ReceiveConnector AppRelay -MaxInboundConnectionPerSource 40",
        text: "An application that opens many connections at once may have 40.",
      },
      {
        command:
          "weir Set-ReceiveConnector AppRelay -MaxInboundConnectionPerSource unlimited -MaxInboundConnectionPercentagePerSource 100",
        text: "As on the Default connector: no limit per source.",
      },
      {
        command: "weir Set-ReceiveConnector AppRelay --remote-ip-ranges \"@{Add='192.168.7.12'}\"",
        text: "One more application server may connect.",
      },
      {
        command: "weir Set-ReceiveConnector AppRelay -TarpitInterval 0s -WhatIf",
        text: "Only shows what would change.",
      },
      {
        command: 'weir Set-ReceiveConnector AppRelay -Candidate "@{MaxInboundConnectionPerSource=10}"',
        text: "Looks at 10 beside the value in force: Get-Refusal -ReportOnly shows whom it would have refused.",
      },
    ],
    load: async () => (await import("../run/change-connectors.ts")).setReceiveConnector,
  },
  {
    name: "New-ReceiveConnector",
    group,
    synopsis: "Add a receive connector.",
    description: [
      "-Usage presets permission groups, authentication and bindings as Exchange does; whatever is given beside it wins.",
    ],
    parameters: [
      {
        ...identity,
        name: "Name",
        aliases: ["Identity"],
        help: "Its name, unique among receive connectors.",
      },
      ...settingParameters(receiveConnectorFacts, ["name"]),
      {
        name: "Learn",
        kind: "duration",
        value: "DURATION",
        help: "For a new application: its limits refuse nobody (reportOnly), and after this time Get-LimitAdvice proposes what they should be.",
      },
      ...changing,
    ],
    examples: [
      {
        command:
          "weir New-ReceiveConnector Helpdesk -Bindings 0.0.0.0:25 -RemoteIPRanges 192.168.7.0/24 -PermissionGroups AnonymousUsers -AnonymousRelay true",
        text: "Servers of one network may relay without logging on.",
      },
      {
        command: "weir New-ReceiveConnector Clients -Usage client -RemoteIPRanges 10.0.0.0/8",
        text: "Port 587 for users that log on.",
      },
      {
        command:
          "weir New-ReceiveConnector Migration -Bindings 0.0.0.0:25 -RemoteIPRanges 10.2.0.0/16 -PermissionGroups AnonymousUsers -AnonymousRelay true -Learn 7d",
        text: "Refuses nobody by a limit for a week, and learns what the limits should be.",
      },
    ],
    load: async () => (await import("../run/change-connectors.ts")).newReceiveConnector,
  },
  {
    name: "Enable-ReceiveConnector",
    group,
    synopsis: "Let a receive connector listen again.",
    parameters: [identity, ...changing],
    examples: [{ command: "weir Enable-ReceiveConnector AppRelay", text: "Opens its listeners." }],
    load: async () => (await import("../run/change-connectors.ts")).enableReceiveConnector,
  },
  {
    name: "Disable-ReceiveConnector",
    group,
    synopsis: "Stop a receive connector from listening; open sessions go on.",
    parameters: [identity, ...changing],
    examples: [{ command: "weir Disable-ReceiveConnector AppRelay", text: "Its settings stay in the file." }],
    load: async () => (await import("../run/change-connectors.ts")).disableReceiveConnector,
  },
  {
    name: "Remove-ReceiveConnector",
    group,
    synopsis: "Remove a receive connector; open sessions go on.",
    description: ["The last one goes only when you say so: asked on a terminal, else with -Confirm:false."],
    parameters: [identity, force, ...changing],
    examples: [
      {
        command: "weir Remove-ReceiveConnector Helpdesk -WhatIf",
        text: "Shows what would go from the file.",
      },
    ],
    load: async () => (await import("../run/change-connectors.ts")).removeReceiveConnector,
  },
  {
    name: "Test-ReceiveConnector",
    group,
    synopsis:
      "Try other limits on the traffic that really came: who would have been refused, when, and by which.",
    description: [
      "Replays the traffic record through the decisions that enforce the limits; nothing is changed. Without a setting it shows what the limits in force would do to the same traffic. Several values of one setting, as 10,20,40, are tried in one pass.",
      "A name that is not there stands for a new connector: with -RemoteIPRanges it takes these sources away from those that serve them now.",
    ],
    parameters: [
      { ...identity, help: "The connector's name, or that of a new one." },
      ...settingParameters(receiveConnectorFacts.filter(({ name }) => tried.has(name))),
      {
        name: "Last",
        kind: "duration",
        value: "DURATION",
        default: "7d",
        help: "Traffic of this time.",
      },
      { name: "Start", kind: "text", value: "INSTANT", help: "Traffic from then on, as 2026-11-24T06:00." },
      { name: "End", kind: "text", value: "INSTANT", help: "Traffic until then." },
      {
        name: "RefusedClients",
        kind: "choice",
        choices: ["gone", "again"],
        default: "gone",
        help: "What a client does that is refused: it is gone with what it would have sent, or comes again.",
      },
      { name: "RetryAfter", kind: "duration", default: "1m", help: "With again: how much later." },
      { name: "Tries", kind: "number", least: 1, default: "5", help: "With again: then it gives up." },
      server,
      ...showing,
    ],
    examples: [
      {
        command:
          "weir Test-ReceiveConnector AppRelay -MaxInboundConnectionPerSource 40 -MessageRateLimit 600",
        text: "Would this have refused anybody last week?",
      },
      {
        command: "weir Test-ReceiveConnector AppRelay -MaxInboundConnectionPerSource 5,10,20,40 -Last 35d",
        text: "Where is the value that refuses nobody?",
      },
      {
        command: "weir Test-ReceiveConnector AppRelay -LimitAction delay -RefusedClients again",
        text: "How many would wait, if they waited instead of being refused?",
      },
      {
        command:
          "weir Test-ReceiveConnector Helpdesk -RemoteIPRanges 10.1.2.0/24 -MaxInboundConnectionPerSource 10",
        text: "A connector of its own for a range that another one serves now.",
      },
    ],
    load: async () => (await import("../run/test-receive-connector.ts")).testReceiveConnector,
  },
];
