/** `weir cluster`: the schema that several nodes share, and who they are. */
import { isOn, textOf } from "../arguments/value.ts";
import type { Run } from "../cmdlet.ts";
import { writeJson } from "../output/output.ts";

export const cluster: Run = async (args, { output, config }) => {
  const { configuredCluster, makeSchema, readNodes } = await import("../cluster-schema.ts");
  const settings = await configuredCluster(config);
  const owner = textOf(args, "Owner");
  const passwordFile = textOf(args, "OwnerPasswordFile");
  const action = textOf(args, "Action");
  if (action === "nodes") {
    const nodes = await readNodes(settings);
    if (isOn(args, "Json")) writeJson(output, nodes);
    else if (nodes.length === 0) output.write("no node has run\n");
    else
      output.write(
        nodes
          .map(
            ({ name, number, version, state, startedAt, endedAt, holds, isChores }) =>
              `${name}: ${state}, number ${number}, ${version}, since ${(endedAt ?? startedAt).toISOString()}, holds ${holds} of the queue${isChores ? ", does what one does for all" : ""}\n`,
          )
          .join(""),
      );
    return 0;
  }
  const { before, after } = await makeSchema(settings, action === "init" ? "init" : "migrate", {
    owner,
    passwordFile,
  });
  if (isOn(args, "Json")) writeJson(output, { before, after });
  else
    output.write(
      before === after
        ? `the schema has version ${after} already\n`
        : before === 0
          ? `the schema is made, version ${after}\n`
          : `the schema was moved from version ${before} to ${after}\n`,
    );
  return 0;
};
