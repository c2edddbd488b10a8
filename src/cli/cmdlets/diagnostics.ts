/** What happens: explanations, events, connections, limits. */
import { categories } from "../../events/catalogue.ts";
import { eventLevels } from "../../events/event-level.ts";
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import {
  changing,
  config,
  connector,
  help,
  json,
  server,
  showing,
  telling,
  whatIf,
} from "./common-parameters.ts";

const group = "Seeing what happens";

const source: Parameter = {
  name: "Source",
  kind: "text",
  value: "ADDRESS",
  candidates: "source",
  help: "Only of this client address. An IPv6 address finds the whole of its network.",
};

const categoryIdentity: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "CATEGORY",
  candidates: "category",
  help: "MSExchangeTransport\\SmtpReceive, or SmtpReceive alone.",
};

export const diagnosticCmdlets: readonly Cmdlet[] = [
  {
    name: "explain",
    group,
    synopsis: "Tell what happened to a client, and which command helps.",
    description: [
      "For an application that gets error messages when it relays: who it is, its connections now, what it was refused when and how often, the replies it got, and for each kind of refusal the command that helps, with the value that would have been enough.",
      "Instead of the address, give the reference from the application's own log: the word behind “ref” at the end of the reply.",
    ],
    parameters: [
      {
        name: "What",
        kind: "text",
        position: 0,
        required: true,
        value: "ADDRESS|NAME|REF|MESSAGE",
        candidates: "source",
        help: "The client's IP address, its application's name, the reference of a reply, or the whole reply in quotes; the Message-ID or internal id of a message.",
      },
      server,
      ...telling,
    ],
    examples: [
      { command: "weir explain 192.168.7.12", text: "Why does this server get errors?" },
      { command: "weir explain 7Z3K", text: "The log of the application says “… event 1021, ref 7Z3K)”." },
    ],
    load: async () => (await import("../run/explain.ts")).explain,
  },
  {
    name: "Get-LimitAdvice",
    group,
    synopsis: "Say which values of limits are right, by what really came, and why.",
    description: [
      "For each limit a value that lets in all who do their work, with head-room and four weeks of growth, and stops what went wrong: connections that are never closed, attempts without a pause, floods. The values are tried on the recorded traffic before they are told. An application that is unlike the rest is proposed a connector of its own.",
      "Of a connector that learns (New-ReceiveConnector -Learn) it tells what was learned: limits, ranges and applications, as one change, which puts the limits in force.",
    ],
    parameters: [
      { ...connector, position: 0 },
      { name: "Last", kind: "duration", value: "DURATION", default: "35d", help: "By traffic of this time." },
      { name: "Start", kind: "text", value: "INSTANT", help: "Traffic from then on, as 2026-11-24T06:00." },
      { name: "End", kind: "text", value: "INSTANT", help: "Traffic until then." },
      { name: "Apply", kind: "switch", help: "Do all of it: one change of weir.yaml, in force at once." },
      whatIf,
      server,
      ...showing,
    ],
    examples: [
      { command: "weir Get-LimitAdvice AppRelay", text: "Is 20 right for us?" },
      { command: "weir Get-LimitAdvice AppRelay -WhatIf", text: "The change that -Apply would make." },
    ],
    load: async () => (await import("../run/limit-advice.ts")).getLimitAdvice,
  },
  {
    name: "Test-Relay",
    group,
    synopsis:
      "Plan on paper: play applications that do not exist yet through the limits, and say how many fit.",
    description: [
      "The applications are simulated with a clock of their own, and the functions that enforce the limits decide. Then it tells what would be refused and which ceiling comes first: a limit, CPU, disk, memory, or what send connectors may send. The disk is measured for a second; with -Measure a relay of its own on loopback tells what CPU allows.",
    ],
    parameters: [
      {
        name: "Sources",
        kind: "number",
        least: 1,
        default: "100",
        help: "How many applications; 100000 at most.",
      },
      {
        name: "ConnectionsPerSource",
        kind: "number",
        least: 1,
        default: "5",
        help: "Connections that each opens at once.",
      },
      { name: "MessagesPerMinute", kind: "number", least: 1, default: "30", help: "Of each." },
      {
        name: "MessageBytes",
        kind: "number",
        least: 1,
        default: "20000",
        help: "Size of a message, in octets.",
      },
      {
        name: "ConnectionTime",
        kind: "duration",
        default: "500ms",
        help: "How long a connection lasts beside its messages.",
      },
      { name: "MessageTime", kind: "duration", default: "100ms", help: "How long a message takes." },
      { name: "Together", kind: "switch", help: "All begin at the same moment of each minute." },
      { ...connector, help: "Through the limits of this receive connector; default: the first." },
      { name: "Measure", kind: "switch", help: "Measure what CPU allows, for some five seconds." },
      {
        name: "Nodes",
        kind: "number",
        least: 1,
        help: "Also: a limit per source that so many nodes keep together, by how much their count lags; 1000 at most.",
      },
      ...telling,
    ],
    examples: [
      {
        command: "weir Test-Relay -Sources 200 -ConnectionsPerSource 5 -MessagesPerMinute 30 -Measure",
        text: "Would 200 such applications fit here?",
      },
      { command: "weir Test-Relay -Sources 500 -Together", text: "And if all of them send on the minute?" },
    ],
    load: async () => (await import("../run/test-relay.ts")).testRelay,
  },
  {
    name: "Get-LimitUsage",
    group,
    synopsis: "Show how much of each limit is used, and whom it refused.",
    description: [
      "For each limit of each receive connector: configured, in use now, the highest of the last hour and day, refusals, and the sources that use or hit it most.",
    ],
    parameters: [{ ...connector, position: 0 }, server, ...showing],
    examples: [
      { command: "weir Get-LimitUsage", text: "Which limit is close?" },
      { command: "weir Get-LimitUsage AppRelay -Json", text: "One connector, for a monitoring system." },
    ],
    load: async () => (await import("../run/limit-usage.ts")).getLimitUsage,
  },
  {
    name: "Get-Refusal",
    group,
    synopsis: "Show what was refused, to whom and why.",
    description: [
      "Refusals of every kind within the last day, by connector, source and kind: relay denied, logon, size, TLS, limits, faults. What only follows from another refusal is not counted again. What limits would have refused that are only looked at (reportOnly, candidate of a receive connector) is marked so.",
    ],
    parameters: [
      { ...connector, position: 0 },
      source,
      {
        name: "ReportOnly",
        kind: "switch",
        help: "Only what limits would have refused that are only looked at; nobody was.",
      },
      server,
      ...showing,
    ],
    examples: [
      { command: "weir Get-Refusal", text: "Who is refused, and what for?" },
      {
        command: "weir Get-Refusal AppRelay -ReportOnly",
        text: "Whom would the limits refuse that are only looked at?",
      },
      { command: "weir Get-Refusal -Source 192.168.7.12 -List", text: "One client, all that is known." },
    ],
    load: async () => (await import("../run/refusals.ts")).getRefusal,
  },
  {
    name: "Get-LegacyTlsClient",
    group,
    synopsis: "Show which devices still need TLS 1.0 or 1.1.",
    description: [
      "Clients that spoke TLS 1.0 or 1.1 with a connector whose tlsMinVersion lets them, and those that were refused because they know nothing newer: with address, application, name in EHLO, suite, last time and connections. The list is kept over restarts; a thousand of them.",
    ],
    parameters: [{ ...connector, position: 0 }, server, ...showing],
    examples: [
      { command: "weir Get-LegacyTlsClient", text: "May tlsMinVersion go back to TLSv1.2?" },
      {
        command: "weir Get-LegacyTlsClient -Connector Printers -List",
        text: "One connector, all that is known.",
      },
    ],
    load: async () => (await import("../run/legacy-tls-clients.ts")).getLegacyTlsClient,
  },
  {
    name: "Get-ResourcePressure",
    group,
    synopsis: "Show how short disk, memory, queue and time are.",
    description: [
      "At Medium clients that are not logged on are held back at MAIL, later refused; at High every new message is refused with 452 4.3.1 Insufficient system resources. Delivery goes on. The thresholds are settings of Set-TransportService.",
    ],
    parameters: [server, ...showing],
    examples: [{ command: "weir Get-ResourcePressure", text: "Why does every client get 452 4.3.1?" }],
    load: async () => (await import("../run/resource-pressure.ts")).getResourcePressure,
  },
  {
    name: "Get-Connection",
    group,
    synopsis: "Show who is connected now.",
    description: ["-GroupBy Source counts them by client, against the limits per source."],
    parameters: [
      { ...connector, position: 0 },
      source,
      {
        name: "GroupBy",
        kind: "choice",
        choices: ["Source"],
        value: "Source",
        help: "One line for each source.",
      },
      server,
      ...showing,
    ],
    examples: [
      { command: "weir Get-Connection", text: "Every open session: source, since when, state, messages." },
      { command: "weir Get-Connection -GroupBy Source", text: "Who is close to the limit?" },
    ],
    load: async () => (await import("../run/connections.ts")).getConnection,
  },
  {
    name: "Get-EventLog",
    group,
    synopsis: "Show events, newest first.",
    description: [
      "Refusals stand there at every level, one entry for each connector, source, kind and minute with its count. At level Expert each refusal has an entry of its own.",
    ],
    parameters: [
      {
        name: "EventId",
        aliases: ["Id", "InstanceId"],
        kind: "numbers",
        value: "ID,…",
        help: "Only these; docs/events.md lists them.",
      },
      source,
      connector,
      {
        name: "Category",
        kind: "list",
        choices: categories,
        candidates: "category",
        value: "CATEGORY,…",
        help: "Only of these.",
      },
      {
        name: "Severity",
        aliases: ["EntryType"],
        kind: "list",
        choices: ["Error", "Warning", "Information"],
        value: "WORD,…",
        help: "Error, Warning, Information.",
      },
      {
        name: "Text",
        aliases: ["Message"],
        kind: "text",
        value: "TEXT",
        help: "Only those whose text or fields contain this.",
      },
      {
        name: "Reference",
        aliases: ["Ref"],
        kind: "text",
        value: "REF",
        help: "Only those a reply's reference belongs to.",
      },
      { name: "Last", kind: "duration", value: "DURATION", help: "Not older than this: 1h, 30m, 2d." },
      {
        name: "After",
        kind: "text",
        value: "TIME",
        help: "Not older than this instant: 2026-11-24T06:00, in local time.",
      },
      { name: "Before", kind: "text", value: "TIME", help: "Older than this instant." },
      {
        name: "Newest",
        kind: "number",
        least: 1,
        value: "COUNT",
        default: "50",
        help: "At most this many.",
      },
      {
        name: "Follow",
        aliases: ["f"],
        kind: "switch",
        help: "Then show new ones as they come, until Ctrl-C.",
      },
      server,
      ...showing,
    ],
    examples: [
      {
        command: "weir Get-EventLog -EventId 1021 -Last 1h",
        text: "Who hit the limit of connections per source within the last hour?",
      },
      { command: "weir Get-EventLog -Source 192.168.7.12 -List", text: "All about one client, every field." },
      { command: "weir Get-EventLog -Follow -Severity Warning,Error", text: "Watch what goes wrong." },
    ],
    interruptible: true,
    load: async () => (await import("../run/event-log.ts")).getEventLog,
  },
  {
    name: "Get-EventLogLevel",
    group,
    synopsis: "Show the diagnostic logging level of each category.",
    parameters: [{ ...categoryIdentity, help: `${categoryIdentity.help} All when left out.` }, ...showing],
    examples: [{ command: "weir Get-EventLogLevel", text: "" }],
    load: async () => (await import("../run/event-levels.ts")).getEventLogLevel,
  },
  {
    name: "Set-EventLogLevel",
    group,
    synopsis: "Set the diagnostic logging level of a category.",
    description: [
      "It holds at once and is kept in weir.yaml (diagnostics.levels). Limit events are visible at Lowest; at Expert each refusal is written singly, with the numbers that decided it.",
    ],
    parameters: [
      { ...categoryIdentity, required: true, help: `${categoryIdentity.help} all: every category.` },
      {
        name: "Level",
        kind: "choice",
        position: 1,
        required: true,
        choices: Object.keys(eventLevels),
        choiceNames: Object.fromEntries(
          Object.entries(eventLevels).map(([level, number]) => [number, level]),
        ),
        value: "LEVEL",
        help: "Lowest (0), Low (1), Medium (3), High (5), Expert (7).",
      },
      ...changing,
    ],
    examples: [
      {
        command: "weir Set-EventLogLevel -Identity 'MSExchangeTransport\\SmtpReceive' -Level Expert",
        text: "Each refused connection is written singly.",
      },
      { command: "weir Set-EventLogLevel all Lowest", text: "Back to normal." },
    ],
    load: async () => (await import("../run/event-levels.ts")).setEventLogLevel,
  },
  {
    name: "Test-SmtpConnectivity",
    group,
    synopsis: "Connect to each binding of each receive connector, and tell what it answers.",
    parameters: [{ ...connector, position: 0 }, server, ...showing],
    examples: [{ command: "weir Test-SmtpConnectivity", text: "Exit code 1 when one fails." }],
    load: async () => (await import("../run/test-connectivity.ts")).testSmtpConnectivity,
  },
  {
    name: "status",
    group,
    synopsis: "Show on one screen how the relay is: listeners, connectors, queues, recent warnings.",
    parameters: [json, config, help],
    examples: [{ command: "weir status", text: "" }],
    load: async () => (await import("../run/status.ts")).status,
  },
];
