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
];
