/** What became of messages. */
import { trackingEventIds, trackingSources } from "../../tracking/tracking-record.ts";
import type { Cmdlet } from "../cmdlet.ts";
import { server, showing } from "./common-parameters.ts";

export const trackingCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-MessageTrackingLog",
    group: "Seeing what happens",
    synopsis: "Show what became of messages, newest first.",
    description: [
      "All parameters given must hold. Addresses, ids and connectors are found without regard to case, and with * and ?.",
      "weir explain MESSAGE-ID tells the story of one message.",
    ],
    parameters: [
      { name: "Sender", kind: "text", value: "ADDRESS", help: "Only of this reverse-path." },
      { name: "Recipients", kind: "list", value: "ADDRESS,…", help: "Only to one of these." },
      { name: "MessageId", kind: "text", value: "ID", help: "Only with this Message-ID." },
      {
        name: "InternalMessageId",
        kind: "number",
        value: "ID",
        help: "Only this one; the reply to the application named it.",
      },
      {
        name: "EventId",
        kind: "list",
        choices: trackingEventIds,
        value: "WORD,…",
        help: "Only these entries.",
      },
      { name: "Source", kind: "choice", choices: trackingSources, value: "WORD", help: "Only told by this." },
      {
        name: "Connector",
        kind: "text",
        value: "NAME",
        candidates: "receiveConnector",
        help: "Only of this receive or send connector.",
      },
      { name: "ClientIp", kind: "text", value: "ADDRESS", help: "Only mail that came from here." },
      {
        name: "MessageSubject",
        kind: "text",
        value: "TEXT",
        help: "Only where the subject contains this.",
      },
      {
        name: "Reference",
        kind: "text",
        value: "ID",
        help: "Only what this report (its Message-ID) is about.",
      },
      { name: "Last", kind: "duration", value: "DURATION", help: "Not older than this: 1h, 30m, 2d." },
      { name: "Start", kind: "text", value: "TIME", help: "Not older: 2026-11-24T06:00, in local time." },
      { name: "End", kind: "text", value: "TIME", help: "Older than this instant." },
      {
        name: "ResultSize",
        kind: "text",
        value: "COUNT",
        default: "1000",
        help: "At most this many, or Unlimited; with -ExportPath all when left out.",
      },
      {
        name: "ExportPath",
        kind: "text",
        value: "FILE",
        candidates: "file",
        help: "Write them to this file in Exchange's MSGTRK format, oldest first.",
      },
      server,
      ...showing,
    ],
    examples: [
      {
        command: "weir Get-MessageTrackingLog -Recipients '*@dest.example' -EventId FAIL",
        text: "What failed there?",
      },
      { command: "weir Get-MessageTrackingLog -Sender app@corp.example -List", text: "Every field." },
    ],
    load: async () => (await import("../run/message-tracking.ts")).getMessageTrackingLog,
  },
];
