/** `weir cluster`: the schema that several nodes share, and who they are. */
import { isOn, numberOf, textOf } from "../arguments/value.ts";
import type { Arguments } from "../arguments/value.ts";
import type { ConfiguredCluster } from "../cluster-schema.ts";
import type { Run } from "../cmdlet.ts";
import { counted } from "../../core/units/counted.ts";
import { CommandFault, type ExitCode } from "../exit-code.ts";
import { writeJson, type Output } from "../output/output.ts";

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
            ({ name, number, version, state, startedAt, endedAt, holds, isChores, configuration }) =>
              `${name}: ${state}, number ${number}, ${version}, since ${(endedAt ?? startedAt).toISOString()}, holds ${holds} of the queue${isChores ? ", does what one does for all" : ""}${configuration === undefined ? "" : `, configuration ${configuration.inForce ?? "none"} of ${configuration.newest}`}\n${configuration?.faults.map((fault) => `  cannot use it: ${fault}\n`).join("") ?? ""}`,
          )
          .join(""),
      );
    return 0;
  }
  if (action === "import") return importQueue(args, output, configured);
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
    action === "init"
      ? await writeFirstConfiguration(configured, { owner, passwordFile }, textOf(args, "Path"))
      : undefined;
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
      !first.isMade
        ? `the nodes have a configuration in common already, version ${first.version}\n`
        : first.before === undefined
          ? `version ${first.version} of the nodes' configuration is what ${textOf(args, "Path")} says\n`
          : `version ${first.version} of the nodes' configuration is what ${configured.file} said; there only what is this node's was left (all of it is in ${first.before})\n`,
    );
  return 0;
};

async function importQueue(
  args: Arguments,
  output: Output,
  configured: ConfiguredCluster,
): Promise<ExitCode> {
  const { importQueueOf } = await import("../cluster-import.ts");
  const outcome = await importQueueOf(configured, {
    path: textOf(args, "Path"),
    isTrial: isOn(args, "WhatIf"),
    progress: (text) => output.progress(text),
  }).finally(() => output.progress(""));
  const { directory, database, survey, imported, faults, suspendedQueues } = outcome;
  if (isOn(args, "Json")) writeJson(output, outcome);
  else if (imported === undefined)
    output.write(
      [
        `${directory}: ${counted(survey.messages, "message")} with ${counted(survey.recipients, "open recipient")} would be moved into ${database}${survey.suspended === 0 ? "" : `, ${survey.suspended} of them suspended`}`,
        ...survey.queues.map(
          ({ queue, messages }) => `  ${queue === "" ? "Submission" : queue}: ${messages}`,
        ),
        `${counted(survey.answers, "answer")} that would be given again to a client that repeats a message`,
        ...(survey.damaged.length === 0
          ? []
          : [`${counted(survey.damaged.length, "message")} that cannot be read, for the table damaged:`]),
        ...survey.damaged.slice(0, 20).map(({ id, what }) => `  ${id}: ${what}`),
        "nothing was changed",
        "",
      ].join("\n"),
    );
  else
    output.write(
      [
        `${directory}: moved into ${database}: ${counted(imported.messages, "message")}, ${counted(imported.answers, "answer")}${imported.damaged === 0 ? "" : `, ${counted(imported.damaged, "message")} that cannot be read (table damaged)`}`,
        ...(imported.wereThere === 0
          ? []
          : [`${counted(imported.wereThere, "message was", "messages were")} there already`]),
        ...imported.renumbered.map(({ from, to }) => `message ${from} is ${to} there`),
        "the nodes deliver it from there; no relay starts on the old queue any more",
        "",
      ].join("\n"),
    );
  if (isOn(args, "Json")) return 0;
  for (const fault of faults) output.complain(`weir: ${fault}\n`);
  if (suspendedQueues.length > 0)
    output.write(
      imported === undefined
        ? `suspended there, and then at all nodes: ${suspendedQueues.join(", ")}\n`
        : `suspended there, and so at all nodes: ${suspendedQueues.join(", ")}; weir Resume-Queue lets them go on\n`,
    );
  return 0;
}
