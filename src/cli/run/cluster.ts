/** `weir cluster`: the schema that several nodes share, and who they are. */
import { isOn, numberOf, textOf } from "../arguments/value.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { writeJson } from "../output/output.ts";

export const cluster: Run = async (args, { output, config }) => {
  const { configuredCluster, makeSchema, readNodes } = await import("../cluster-schema.ts");
  const configured = await configuredCluster(config);
  const { cluster: settings } = configured;
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
  if (action === "configuration" || action === "replace") {
    const { readShared, replaceShared } = await import("../cluster-configuration.ts");
    const wanted = numberOf(args, "Version");
    if (action === "configuration") {
      const { version, text } = await readShared(configured, wanted);
      if (isOn(args, "Json")) writeJson(output, { version, text });
      else {
        output.write(text);
        output.complain(`version ${version}\n`);
      }
      return 0;
    }
    const path = textOf(args, "Path");
    if (path === undefined) throw new CommandFault("-Path says which file has the new text", 2);
    const version = await replaceShared(configured, path, wanted);
    if (isOn(args, "Json")) writeJson(output, { version });
    else output.write(`the nodes' configuration has version ${version}; they apply it within seconds\n`);
    return 0;
  }
  const { before, after } = await makeSchema(settings, action === "init" ? "init" : "migrate", {
    owner,
    passwordFile,
  });
  const { writeFirstConfiguration } = await import("../cluster-configuration.ts");
  const first =
    action === "init" ? await writeFirstConfiguration(configured, { owner, passwordFile }) : undefined;
  if (isOn(args, "Json")) writeJson(output, { before, after, configuration: first?.version ?? null });
  else
    output.write(
      before === after
        ? `the schema has version ${after} already\n`
        : before === 0
          ? `the schema is made, version ${after}\n`
          : `the schema was moved from version ${before} to ${after}\n`,
    );
  if (first !== undefined && !isOn(args, "Json"))
    output.write(
      first.before === undefined
        ? `the nodes have a configuration in common already, version ${first.version}\n`
        : `version ${first.version} of the nodes' configuration is what ${configured.file} said; there only what is this node's was left (all of it is in ${first.before})\n`,
    );
  return 0;
};
