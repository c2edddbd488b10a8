/** Send connectors, the transport section, queues. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { changing, json, confirm, config, help, showing, telling } from "./common-parameters.ts";
import { sendConnectorFacts, transportFacts } from "../../config/setting-facts-table.ts";
import { settingParameters } from "./setting-parameters.ts";

const group = "Send connectors and queues";

const identity: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "NAME",
  candidates: "sendConnector",
  help: "The connector's name.",
};

const queue: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  required: true,
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

const messageFilter: Parameter = {
  name: "Filter",
  kind: "text",
  value: "FILTER",
  help: "Only what fits, as in `Status -eq 'Retry' -and Size -gt 1MB`.",
};

export const sendConnectorCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-SendConnector",
    group,
    synopsis: "Show send connectors: several as a table, one with every setting.",
    parameters: [
      { ...identity, help: "The connector's name, or a pattern with * and ?; all when left out." },
      ...showing,
    ],
    examples: [
      { command: "weir Get-SendConnector", text: "Where mail goes out." },
      { command: "weir Get-SendConnector Out --json", text: "One, for scripts." },
    ],
    load: async () => (await import("../run/get-connectors.ts")).getSendConnector,
  },
  {
    name: "Set-SendConnector",
    group,
    synopsis: "Change settings of a send connector.",
    description: ["Mail that waits is routed again under the new settings."],
    parameters: [
      { ...identity, required: true },
      ...settingParameters(sendConnectorFacts, ["name"]),
      ...changing,
    ],
    examples: [
      {
        command: "weir Set-SendConnector Out -SmartHosts '[192.0.2.10]:25','[192.0.2.11]:25'",
        text: "Two smart hosts; the second takes over when the first does not answer.",
      },
      {
        command:
          "weir Set-SendConnector Out -AuthenticationCredential \"@{UserName='relay';PasswordFile='/etc/weir/password'}\" -SmartHostAuthMechanism BasicAuthRequireTLS",
        text: "Logs on to the smart host.",
      },
    ],
    load: async () => (await import("../run/change-connectors.ts")).setSendConnector,
  },
  {
    name: "New-SendConnector",
    group,
    synopsis: "Add a send connector.",
    parameters: [
      {
        ...identity,
        name: "Name",
        aliases: ["Identity"],
        required: true,
        help: "Its name, unique among send connectors.",
      },
      ...settingParameters(sendConnectorFacts, ["name"]),
      ...changing,
    ],
    examples: [
      {
        command:
          "weir New-SendConnector Out -AddressSpaces '*' -SmartHosts smtp.example.com:587 -RequireTLS true",
        text: "Everything goes to one smart host, encrypted.",
      },
      {
        command: "weir New-SendConnector Test -AddressSpaces test.example -DropDirectory drop/test",
        text: "Mail to one domain is written to files instead.",
      },
    ],
    load: async () => (await import("../run/change-connectors.ts")).newSendConnector,
  },
  {
    name: "Remove-SendConnector",
    group,
    synopsis: "Remove a send connector; what waits for it is routed again.",
    parameters: [{ ...identity, required: true }, ...changing],
    examples: [{ command: "weir Remove-SendConnector Drop", text: "" }],
    load: async () => (await import("../run/change-connectors.ts")).removeSendConnector,
  },
  {
    name: "Get-TransportService",
    group,
    synopsis: "Show the settings of the whole relay: retries, expiry, connection rate.",
    parameters: telling,
    examples: [{ command: "weir Get-TransportService", text: "" }],
    load: async () => (await import("../run/transport-service.ts")).getTransportService,
  },
  {
    name: "Set-TransportService",
    group,
    synopsis: "Change settings of the whole relay.",
    parameters: [...settingParameters(transportFacts), ...changing],
    examples: [
      {
        command: "weir Set-TransportService -MaxConnectionRatePerMinute 3000",
        text: "More connections a minute, over all receive connectors.",
      },
      { command: "weir Set-TransportService -MessageExpirationTimeout 1d", text: "" },
    ],
    load: async () => (await import("../run/transport-service.ts")).setTransportService,
  },
  {
    name: "Get-Queue",
    group,
    synopsis: "Show the queues, and what they wait for.",
    parameters: [
      {
        name: "Identity",
        kind: "text",
        position: 0,
        value: "QUEUE",
        candidates: "queue",
        help: "The queue's name, or a pattern with * and ?; all when left out.",
      },
      ...showing,
    ],
    examples: [{ command: "weir Get-Queue", text: "Status, messages, last error and next attempt of each." }],
    load: async () => (await import("../run/queues.ts")).getQueue,
  },
  {
    name: "Suspend-Queue",
    group,
    synopsis: "Hold a queue: it takes mail and delivers none, also after a restart.",
    description: [
      "Deliveries under way finish. Submission suspended means that nothing is routed; Unreachable suspended, that it is not routed again when the configuration changes.",
    ],
    parameters: [queue, json, confirm, config, help],
    examples: [{ command: "weir Suspend-Queue Submission", text: "Take mail, hold it back." }],
    load: async () => (await import("../run/queues.ts")).suspendQueue,
  },
  {
    name: "Resume-Queue",
    group,
    synopsis: "Let a suspended queue go on.",
    parameters: [queue, json, confirm, config, help],
    examples: [{ command: "weir Resume-Queue Submission", text: "Deliver what was held back." }],
    load: async () => (await import("../run/queues.ts")).resumeQueue,
  },
  {
    name: "Get-Message",
    group,
    synopsis: "Show messages that wait.",
    parameters: [
      { ...ofQueue, position: 0 },
      messageFilter,
      {
        name: "ResultSize",
        kind: "number",
        value: "COUNT",
        help: "At most so many, up to 10000; else 1000.",
      },
      ...showing,
    ],
    examples: [
      { command: "weir Get-Message", text: "What waits, by queue." },
      {
        command: `weir Get-Message -Filter "Size -gt 1MB -and Status -eq 'Retry'"`,
        text: "The large ones that failed.",
      },
    ],
    load: async () => (await import("../run/messages.ts")).getMessage,
  },
  {
    name: "Remove-Message",
    group,
    synopsis: "Give up messages that wait, with a report to the sender.",
    description: [
      "With -Filter it tells how many fit, and removes them when -Confirm:$false stands with it.",
    ],
    parameters: [
      { name: "Identity", kind: "text", position: 0, value: "MESSAGE", help: "As Get-Message shows it." },
      ofQueue,
      messageFilter,
      { name: "WithNDR", kind: "boolean", help: "Tell the sender; $true when left out." },
      json,
      { name: "Confirm", kind: "switch", help: "-Confirm:$false: remove all that fit -Filter." },
      config,
      help,
    ],
    examples: [
      {
        command: `weir Remove-Message -Filter "FromAddress -eq 'app@shop.example'" -WithNDR $false -Confirm:$false`,
        text: "All of one sender, silently.",
      },
    ],
    load: async () => (await import("../run/messages.ts")).removeMessage,
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
        name: "Resubmit",
        kind: "boolean",
        help: "Have the queue's messages routed again; for a queue in Retry, and Unreachable.",
      },
      json,
      confirm,
      config,
      help,
    ],
    examples: [{ command: "weir Retry-Queue", text: "After the smart host was repaired." }],
    load: async () => (await import("../run/queues.ts")).retryQueue,
  },
];
