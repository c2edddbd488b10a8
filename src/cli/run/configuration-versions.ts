/** Get-ConfigurationVersion, Restore-ConfigurationVersion. */
import type { Output as Answer } from "../../admin/contract.ts";
import { isOn, numberOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { diffLines, printChange } from "../output/print-change.ts";
import { writeJson } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import { localTime } from "../output/time-text.ts";

type Listed = Answer<"listConfigurationVersions">;
type Version = Listed["versions"][number];

export const getConfigurationVersion: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { output } = context;
  const version = numberOf(args, "Version");
  if (version !== undefined) {
    const found = await relay.call("getConfigurationVersion", { version });
    if (isOn(args, "Json")) writeJson(output, found);
    else {
      const { at, who, from, node, doing } = found;
      const lines = [
        output.style("heading", `Version ${version}`),
        `  ${localTime(at)}, by ${who} (${from}) on ${node}: ${doing}`,
        ...diffLines(found.diff, output),
      ];
      output.write(`${lines.join("\n")}\n`);
    }
    return 0;
  }
  const limit = numberOf(args, "ResultSize");
  const listed = await relay.call("listConfigurationVersions", limit === undefined ? {} : { limit });
  printRows(output, args, {
    rows: listed.versions,
    columns: [...columns, { header: "Nodes", value: ({ version: of }) => nodesOf(listed, of) }],
    json: listed,
    none: "there is no version",
  });
  return 0;
};

export const restoreConfigurationVersion: Run = async (args, context) => {
  const version = numberOf(args, "Version");
  if (version === undefined) throw new CommandFault("give the version to go back to", 2);
  const relay = await relayOf(context);
  const change = await relay.call("restoreConfigurationVersion", { version, whatIf: isOn(args, "WhatIf") });
  return printChange(context.output, args, change, {
    subject: `Version ${version}`,
    kinds: new Map(),
    ofConnectors: true,
  });
};

const columns = [
  { header: "Version", value: ({ version }: Version) => String(version), align: "right" },
  { header: "WhenChanged", value: ({ at }: Version) => localTime(at) },
  { header: "Who", value: ({ who }: Version) => who },
  { header: "Node", value: ({ node }: Version) => node },
  { header: "Change", value: ({ doing }: Version) => doing },
] as const;

/** `a, b; c refused it` */
function nodesOf({ nodes }: Listed, version: number): string {
  const those = nodes.filter((node) => node.version === version);
  const have = those.filter(({ faults }) => faults.length === 0).map(({ node }) => node);
  const refused = those.filter(({ faults }) => faults.length > 0).map(({ node }) => `${node} refused it`);
  return [have.join(", "), ...refused].filter((text) => text !== "").join("; ");
}
