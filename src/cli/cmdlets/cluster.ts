/** What several nodes share, in the database. */
import type { Cmdlet } from "../cmdlet.ts";
import * as common from "./common-parameters.ts";

export const clusterCmdlets: readonly Cmdlet[] = [
  {
    name: "cluster",
    group: "Running a relay",
    synopsis:
      "Make what several nodes share in the database, move it forward, show it, show the nodes, or move a single relay's queue there.",
    description: [
      "The section cluster of the configuration says which database. init makes the schema where there is none, and the nodes' common configuration of what this file says; what is left in it is this node's. migrate moves it to what this release needs, while nodes of the release before run on. Nothing is changed unless all of it can be.",
      "configuration prints the text that the nodes have in common, to be edited; replace checks a file and puts it in its place, which the nodes apply at once. Commands such as Set-ReceiveConnector change it too.",
      "import moves the mail of a relay that is stopped into the database: messages with what became of each recipient, next attempts, suspensions, answers that are given again, and what was set aside. -WhatIf shows what there is, and changes nothing. Nodes may run meanwhile and deliver what is there. Interrupted, it is run again and goes on where it was: nothing is lost, nothing comes twice. From its begin on no relay starts on the old queue, for it would send all of it a second time.",
      "With -Owner the schema belongs to another role, and the role of the configuration gets what nodes need and nothing else.",
    ],
    parameters: [
      {
        name: "Action",
        kind: "choice",
        position: 0,
        required: true,
        choices: ["init", "migrate", "import", "nodes", "configuration", "replace"],
        help: "init, migrate, import, nodes, configuration or replace.",
      },
      {
        name: "Path",
        kind: "text",
        candidates: "file",
        value: "PATH",
        help: "replace: the file with the new text. init: a file with what the nodes have in common, where it does not stand in this node's own, which is left as it is; it counts where they have none yet. import: the data directory of the stopped relay, else that of the configuration.",
      },
      {
        name: "Version",
        kind: "number",
        value: "NUMBER",
        help: "configuration: the version to print, else the newest. replace: the version that was edited; refused where it is not the newest any more.",
      },
      {
        name: "Owner",
        kind: "text",
        value: "ROLE",
        help: "Log on to the database as this role; else as that of the configuration.",
      },
      {
        name: "OwnerPasswordFile",
        kind: "text",
        candidates: "file",
        value: "FILE",
        help: "File whose first line is the owner's password; else that of the configuration.",
      },
      { name: "WhatIf", kind: "switch", help: "import: show what would be moved; change nothing." },
      { name: "Json", kind: "switch", help: "Print one JSON object." },
      common.config,
      common.help,
    ],
    examples: [
      { command: "weir cluster init", text: "Once, before the first node starts." },
      {
        command: "weir cluster init -Owner weir_owner -OwnerPasswordFile owner.password",
        text: "With a role of its own for the schema.",
      },
      {
        command: "weir cluster init -Path common.yaml",
        text: "Where the configuration file cannot be changed, such as one that is mounted.",
      },
      { command: "weir cluster configuration > common.yaml", text: "To edit it with comments and all." },
      { command: "weir cluster replace -Path common.yaml -Version 7", text: "Where 7 is what was edited." },
      {
        command: "weir cluster import -WhatIf",
        text: "What waits in the queue that this machine had before it was a node.",
      },
      {
        command: "weir cluster import -Path /mnt/old-relay/data",
        text: "The queue of another machine, whose relay is stopped.",
      },
      { command: "weir cluster nodes", text: "The nodes as Get-Node shows them, where no relay runs here." },
    ],
    load: async () => (await import("../run/cluster.ts")).cluster,
  },
];
