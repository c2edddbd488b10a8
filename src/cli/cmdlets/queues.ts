/** Queues and the messages in them. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { config, confirm, help, json, server, showing, whatIf } from "./common-parameters.ts";

const group = "Send connectors and queues";

const queue: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "QUEUE",
  candidates: "queue",
  help: "The queue's name.",
};

const ofQueue: Parameter = {
  name: "Queue",
  kind: "text",
  value: "QUEUE",
  candidates: "queue",
  help: "Only of this queue; of all when left out.",
};

const queueFilter: Parameter = {
  name: "Filter",
  kind: "text",
  value: "FILTER",
  help: "In place of a name: all that fit, as in `MessageCount -gt 100 -and Status -eq 'Retry'`.",
};

const oneMessage: Parameter = {
  name: "Identity",
  kind: "text",
  value: "MESSAGE",
  candidates: "message",
  help: "As Get-Message shows it; the number alone means the message in every queue.",
};
const message: Parameter = { ...oneMessage, position: 0 };

const messageFilter: Parameter = {
  name: "Filter",
  kind: "text",
  value: "FILTER",
  help: "Only what fits, as in `Status -eq 'Retry' -and Size -gt 1MB`, `Recipient -like '*@contoso.com'`.",
};

const sortOrder: Parameter = {
  name: "SortOrder",
  kind: "text",
  value: "ORDER",
  help: "+Property ascending, -Property descending: +Size,-DateReceived. One that begins with - stands behind a colon: -SortOrder:-Size.",
};

const resultSize: Parameter = {
  name: "ResultSize",
  kind: "text",
  value: "COUNT",
  default: "1000",
  help: "At most so many, or Unlimited. With -SortOrder at most 10000.",
};

const kinds = [
  "Internal",
  "External",
  "Empty",
  "SmartHostConnectorDelivery",
  "DnsConnectorDelivery",
  "NonSmtpGatewayDelivery",
  "Undefined",
  "Unreachable",
];

/** For what is done to messages. */
const acting: readonly Parameter[] = [message, ofQueue, messageFilter, whatIf, json];

export const queueCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-Queue",
    group,
    synopsis: "Show the queues, and what they wait for.",
    description: [
      "-List also shows the messages a second that come and go, how many are deferred, and since when the oldest waits.",
    ],
    parameters: [
      {
        name: "Identity",
        kind: "text",
        position: 0,
        value: "QUEUE",
        candidates: "queue",
        help: "The queue's name, or a pattern with * and ?; all when left out.",
      },
      {
        name: "Filter",
        kind: "text",
        value: "FILTER",
        help: "Only what fits, as in `MessageCount -gt 100 -and Status -eq 'Retry'`.",
      },
      sortOrder,
      { ...resultSize, help: "At most so many, or Unlimited." },
      {
        name: "Include",
        kind: "list",
        choices: kinds,
        value: "KIND,…",
        help: `Only of these: ${kinds.join(", ")}.`,
      },
      { name: "Exclude", kind: "list", choices: kinds, value: "KIND,…", help: "None of these." },
      server,
      ...showing,
    ],
    examples: [
      { command: "weir Get-Queue", text: "Status, messages, last error and next attempt of each." },
      {
        command: `weir Get-Queue -Filter "Status -eq 'Retry'" -SortOrder:-MessageCount`,
        text: "Those whose next hop does not answer, the longest first.",
      },
    ],
    load: async () => (await import("../run/queues.ts")).getQueue,
  },
  {
    name: "Get-SendBudget",
    group,
    synopsis:
      "Show what mailboxes and send connectors have used of their limits, and how long the backlog takes.",
    description: [
      "Limits are messageRateLimit, recipientRateLimit, mailboxMessageRateLimit and mailboxRecipientRateLimit of a send connector, or of its preset. Recipients are counted over the last 24 hours, and over restarts. BacklogEnds tells when what waits has left, if no more comes; FreesAt, when the first of the recipients used are free again; UsedUpAt, when the limit will be reached if it goes on as in the last hour; HeldUntil, until when the provider takes none of it (Get-Queue says why).",
    ],
    parameters: [
      {
        name: "Connector",
        kind: "text",
        position: 0,
        value: "NAME",
        candidates: "sendConnector",
        help: "Only what this send connector is limited by; all when left out.",
      },
      server,
      ...showing,
    ],
    examples: [
      { command: "weir Get-SendBudget", text: "Used, left and waiting of each mailbox." },
      { command: "weir Get-SendBudget -List", text: "Also when used recipients are free again." },
    ],
    load: async () => (await import("../run/send-budgets.ts")).getSendBudget,
  },
  {
    name: "Suspend-Queue",
    group,
    synopsis: "Hold a queue: it takes mail and delivers none, also after a restart.",
    description: [
      "Deliveries under way finish. Submission suspended means that nothing is routed; Unreachable suspended, that it is not routed again when the configuration changes.",
    ],
    parameters: [queue, queueFilter, server, json, confirm, config, help],
    examples: [
      { command: "weir Suspend-Queue Submission", text: "Take mail, hold it back." },
      {
        command: `weir Suspend-Queue -Filter "NextHopConnector -eq 'Partner'"`,
        text: "All queues of a send connector.",
      },
    ],
    load: async () => (await import("../run/queues.ts")).suspendQueue,
  },
  {
    name: "Resume-Queue",
    group,
    synopsis: "Let a suspended queue go on.",
    parameters: [queue, queueFilter, server, json, confirm, config, help],
    examples: [
      { command: "weir Resume-Queue Submission", text: "Deliver what was held back." },
      { command: `weir Resume-Queue -Filter "Status -eq 'Suspended'"`, text: "All that are suspended." },
    ],
    load: async () => (await import("../run/queues.ts")).resumeQueue,
  },
  {
    name: "Get-Message",
    group,
    synopsis: "Show messages that wait.",
    parameters: [
      { ...ofQueue, position: 0, help: "Only of this queue, or queue\\number: that message." },
      oneMessage,
      messageFilter,
      sortOrder,
      resultSize,
      {
        name: "IncludeRecipientInfo",
        kind: "switch",
        help: "All recipients of each message, with their state; else the first three.",
      },
      ...showing,
    ],
    examples: [
      { command: "weir Get-Message", text: "What waits, by queue." },
      {
        command: `weir Get-Message -Filter "Size -gt 1MB -and Status -eq 'Retry'" -SortOrder:-Size`,
        text: "The large ones that failed, the largest first.",
      },
      { command: "weir Get-Message 'Submission\\889364193943552' -List", text: "All about one." },
    ],
    interruptible: true,
    load: async () => (await import("../run/messages.ts")).getMessage,
  },
  {
    name: "Suspend-Message",
    group,
    synopsis: "Hold back messages that wait, also over restarts.",
    description: [
      "What is on the wire is held back when that attempt ends without success (PendingSuspend; forgotten in a restart). Suspended messages expire as others do, and are not routed again by Retry-Queue -Resubmit.",
    ],
    parameters: [...acting, confirm, config, help],
    examples: [
      { command: "weir Suspend-Message 'Out;[10.0.0.25]:25\\889364193943552'", text: "One message." },
      {
        command: `weir Suspend-Message -Filter "Subject -like '*newsletter*'"`,
        text: "All that fit; progress shows while it goes on.",
      },
    ],
    interruptible: true,
    load: async () => (await import("../run/message-actions.ts")).suspendMessage,
  },
  {
    name: "Resume-Message",
    group,
    synopsis: "Let suspended messages go on.",
    parameters: [...acting, confirm, config, help],
    examples: [
      { command: `weir Resume-Message -Filter "Status -eq 'Suspended'"`, text: "All that are suspended." },
    ],
    interruptible: true,
    load: async () => (await import("../run/message-actions.ts")).resumeMessage,
  },
  {
    name: "Retry-Message",
    group,
    synopsis: "Try messages that wait at once, whenever they were due.",
    description: [
      "They come before all that waits in their queue; a queue in Retry tries its next hop with them. What no send connector took is routed again. Suspended ones are passed over.",
    ],
    parameters: [...acting, confirm, config, help],
    examples: [
      { command: "weir Retry-Message 889364193943552", text: "One message, in every queue it stands in." },
      {
        command: `weir Retry-Message -Filter "Recipient -like '*@contoso.com'"`,
        text: "All that wait for a domain that takes mail again.",
      },
    ],
    interruptible: true,
    load: async () => (await import("../run/message-actions.ts")).retryMessage,
  },
  {
    name: "Redirect-Message",
    group,
    synopsis: "Move messages that wait to another send connector.",
    description: [
      "They stay with that connector, also after a restart, until its next hop changes; then they are routed as any. New mail is routed as before: change the address spaces for that. Suspended ones move and stay suspended; what is on the wire moves when that attempt ends without success.",
    ],
    parameters: [
      ...acting,
      {
        name: "Connector",
        kind: "text",
        value: "CONNECTOR",
        candidates: "sendConnector",
        help: "The send connector that takes them.",
      },
      {
        name: "Server",
        kind: "text",
        value: "HOST",
        help: "The same by a smart host of that connector.",
      },
      confirm,
      config,
      help,
    ],
    examples: [
      {
        command: `weir Redirect-Message -Queue 'Out;[10.0.0.25]:25' -Connector Fallback`,
        text: "All that wait for a smart host that is down.",
      },
      {
        command: `weir Redirect-Message -Filter "Recipient -like '*@contoso.com'" -Server 10.0.0.26`,
        text: "What waits for a domain, over the connector with that smart host.",
      },
    ],
    interruptible: true,
    load: async () => (await import("../run/message-actions.ts")).redirectMessage,
  },
  {
    name: "Remove-Message",
    group,
    synopsis: "Give up messages that wait, with a report to the sender.",
    description: [
      "With -Filter it tells how many fit, and removes them when -Confirm:false stands with it. What is on the wire is removed when that attempt ends without success (PendingRemove).",
    ],
    parameters: [
      ...acting,
      { name: "WithNDR", kind: "boolean", help: "Tell the sender; true when left out." },
      { name: "Confirm", kind: "switch", help: "-Confirm:false: remove all that fit -Filter." },
      config,
      help,
    ],
    examples: [
      {
        command: `weir Remove-Message -Filter "FromAddress -eq 'app@shop.example'" -WithNDR false -Confirm:false`,
        text: "All of one sender, silently.",
      },
    ],
    interruptible: true,
    load: async () => (await import("../run/message-actions.ts")).removeMessage,
  },
  {
    name: "Export-Message",
    group,
    synopsis: "Write the content of a message that waits, octet for octet, to a file or stdout.",
    description: ["The message stays where it is; it need not be suspended."],
    parameters: [
      { ...message, required: true },
      {
        name: "Path",
        kind: "text",
        candidates: "file",
        value: "FILE",
        help: "A new file; - or nothing: stdout.",
      },
      {
        name: "Replay",
        kind: "switch",
        help: "Behind its envelope, for the recipients that wait yet: a file for a Replay directory, here or elsewhere.",
      },
      config,
      help,
    ],
    examples: [
      { command: "weir Export-Message 'Submission\\889364193943552' -Path message.eml", text: "" },
      { command: "weir Export-Message 889364193943552 | less", text: "Read it here." },
      {
        command: "weir Export-Message 889364193943552 -Replay -Path message.eml",
        text: "To be put into the Replay directory of another relay; remove it here with -WithNDR false.",
      },
    ],
    load: async () => (await import("../run/export-message.ts")).exportMessage,
  },
  {
    name: "Retry-Queue",
    group,
    synopsis: "Try a queue, or all, at once.",
    parameters: [
      {
        name: "Identity",
        kind: "text",
        position: 0,
        value: "QUEUE",
        candidates: "queue",
        help: "The queue's name; all when left out.",
      },
      {
        ...queueFilter,
        help: "In place of a name: all that fit, as in `Status -eq 'Retry'`.",
      },
      {
        name: "Resubmit",
        kind: "boolean",
        help: "Have the queue's messages routed again; for a queue in Retry, and Unreachable. Suspended ones stay.",
      },
      server,
      json,
      confirm,
      config,
      help,
    ],
    examples: [
      { command: "weir Retry-Queue", text: "After the smart host was repaired." },
      {
        command: `weir Retry-Queue -Filter "Status -eq 'Retry'"`,
        text: "Only those whose next hop did not answer.",
      },
    ],
    load: async () => (await import("../run/queues.ts")).retryQueue,
  },
];
