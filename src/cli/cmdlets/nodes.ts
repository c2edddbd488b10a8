/** Several nodes that share one queue: seen, drained, let go on. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import * as common from "./common-parameters.ts";

const group = "Running a relay";

const node: Parameter = {
  name: "Identity",
  kind: "text",
  position: 0,
  value: "NODE",
  candidates: "node",
  help: "The node's name; this one when left out.",
};

export const nodeCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-Node",
    group,
    synopsis: "Show the nodes that share the queue: whether they live, and what each has.",
    description: [
      "Of any node, also of one that is dead: what is told stands in the database. State: Up; Draining, suspended and not empty yet; Drained, suspended and empty: it may be stopped; NotHeard, its lease is over; Down, the others took over what it held; Stopped, it ended in good order.",
    ],
    parameters: [{ ...node, help: "Only this one; with *, those whose names fit." }, ...common.showing],
    examples: [
      { command: "weir Get-Node", text: "All, with their messages and connections." },
      { command: "weir Get-Node relay-b -List", text: "One with all that is known of it." },
    ],
    load: async () => (await import("../run/nodes.ts")).getNode,
  },
  {
    name: "Suspend-Node",
    group,
    synopsis: "Drain a node: it takes no new mail and leaves what waits to the others, also after a restart.",
    description: [
      "/readyz of the node answers 503 at once, so that the load balancer sends nobody there any more; what waits is left to the other nodes; after cluster.drainDelay connections are answered `421 4.3.2 Service not active`. It is empty when Get-Node calls it Drained. A node that does not live is suspended from its start on.",
    ],
    parameters: [node, common.json, common.confirm, common.config, common.help],
    examples: [{ command: "weir Suspend-Node relay-b", text: "Before maintenance, from any node." }],
    load: async () => (await import("../run/nodes.ts")).suspendNode,
  },
  {
    name: "Resume-Node",
    group,
    synopsis: "Let a suspended node take mail again.",
    parameters: [node, common.json, common.confirm, common.config, common.help],
    examples: [{ command: "weir Resume-Node relay-b", text: "Behind the maintenance." }],
    load: async () => (await import("../run/nodes.ts")).resumeNode,
  },
  {
    name: "Remove-Node",
    group,
    synopsis: "Forget a node that is gone for good.",
    description: [
      "It is shown no more, answers of all nodes do not name it as missing, and its suspension ends. Of mail there is nothing to remove: what it held the others took over when it went. By itself a node is forgotten cluster.forgetAfter after its end. One that is started again under that name is a node like any other.",
    ],
    parameters: [
      { ...node, required: true, help: "The node's name; it must not live." },
      common.json,
      common.confirm,
      common.config,
      common.help,
    ],
    examples: [{ command: "weir Remove-Node relay-c", text: "Its machine does not come back." }],
    load: async () => (await import("../run/nodes.ts")).removeNode,
  },
  {
    name: "Get-AdminAuditLog",
    group,
    synopsis: "Show who changed what, when, from where and on which node, newest first.",
    description: [
      "Of several nodes any of them shows what was done on all: it stands in their database for 90 days, over restarts and the loss of a node. A single relay shows what its events say, which are kept for 30 days. Values are not told, for they may be passwords: what a change of the configuration was, Get-ConfigurationVersion shows.",
    ],
    parameters: [
      {
        name: "Who",
        aliases: ["UserIds"],
        kind: "text",
        value: "NAME",
        help: "Only what a token of that name did; shell: who sat at the machine.",
      },
      {
        name: "Text",
        aliases: ["Cmdlets"],
        kind: "text",
        value: "TEXT",
        help: "Only what has this in its operation, target or message.",
      },
      { name: "Node", kind: "text", candidates: "node", value: "NODE", help: "Only what was done there." },
      { name: "Last", kind: "duration", value: "DURATION", help: "Not older than this: 1h, 30m, 2d." },
      {
        name: "After",
        aliases: ["StartDate"],
        kind: "text",
        value: "TIME",
        help: "Not older than this instant: 2026-11-24T06:00, in local time.",
      },
      { name: "Before", aliases: ["EndDate"], kind: "text", value: "TIME", help: "Older than this instant." },
      {
        name: "Newest",
        aliases: ["ResultSize"],
        kind: "number",
        least: 1,
        value: "COUNT",
        default: "50",
        help: "At most this many.",
      },
      ...common.showing,
    ],
    examples: [
      { command: "weir Get-AdminAuditLog -Last 1d", text: "What was changed since yesterday, on all nodes." },
      {
        command: "weir Get-AdminAuditLog -Who anna -Text Connector",
        text: "What one person did to connectors.",
      },
    ],
    load: async () => (await import("../run/admin-audit-log.ts")).getAdminAuditLog,
  },
];
