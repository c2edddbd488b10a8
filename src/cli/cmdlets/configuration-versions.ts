/** Versions of the configuration that several nodes share. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { config, confirm, force, help, json, showing, whatIf } from "./common-parameters.ts";

const group = "Running a relay";

const version: Parameter = {
  name: "Version",
  kind: "number",
  position: 0,
  value: "NUMBER",
  help: "The version's number.",
};

export const configurationVersionCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-ConfigurationVersion",
    group,
    synopsis: "List who changed the nodes' shared configuration, when and by what, and which nodes have it.",
    description: [
      "With -Version what one of them changed. The configuration of one machine is a file and has no versions.",
    ],
    parameters: [
      version,
      {
        name: "ResultSize",
        kind: "number",
        default: "20",
        value: "NUMBER",
        help: "How many, the newest first.",
      },
      ...showing,
    ],
    examples: [
      { command: "weir Get-ConfigurationVersion", text: "" },
      { command: "weir Get-ConfigurationVersion 7", text: "What version 7 changed." },
    ],
    load: async () => (await import("../run/configuration-versions.ts")).getConfigurationVersion,
  },
  {
    name: "Restore-ConfigurationVersion",
    group,
    synopsis: "Go back to an earlier version of the nodes' shared configuration.",
    description: [
      "Its text becomes a new version, which is checked and applied as any change is; nothing of the history goes.",
    ],
    parameters: [{ ...version, required: true }, whatIf, json, confirm, force, config, help],
    examples: [
      { command: "weir Restore-ConfigurationVersion 6 -WhatIf", text: "What would change." },
      { command: "weir Restore-ConfigurationVersion 6", text: "" },
    ],
    load: async () => (await import("../run/configuration-versions.ts")).restoreConfigurationVersion,
  },
];
