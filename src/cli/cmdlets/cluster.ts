/** What several nodes share, in the database. */
import type { Cmdlet } from "../cmdlet.ts";
import * as common from "./common-parameters.ts";

export const clusterCmdlets: readonly Cmdlet[] = [
  {
    name: "cluster",
    group: "Running a relay",
    synopsis: "Make the database schema that several nodes share, move it forward, or show the nodes.",
    description: [
      "The section cluster of the configuration says which database. init makes the schema where there is none; migrate moves it to what this release needs, while nodes of the release before run on. Nothing is changed unless all of it can be.",
      "With -Owner the schema belongs to another role, and the role of the configuration gets what nodes need and nothing else.",
    ],
    parameters: [
      {
        name: "Action",
        kind: "choice",
        position: 0,
        required: true,
        choices: ["init", "migrate", "nodes"],
        help: "init, migrate or nodes.",
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
      { command: "weir cluster nodes", text: "The nodes as Get-Node shows them, where no relay runs here." },
    ],
    load: async () => (await import("../run/cluster.ts")).cluster,
  },
];
