/** Get-Node, Suspend-Node, Resume-Node, Remove-Node. */
import type { AdminClient } from "../../admin/client.ts";
import type { Output as Answer } from "../../admin/contract.ts";
import { counted } from "../../core/units/counted.ts";
import { isOn, textOf, type Arguments } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import type { Property } from "../output/list.ts";
import { writeJson } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { age, localTime } from "../output/time-text.ts";
import { wildcard } from "../wildcard.ts";

type Node = Answer<"listNodes">["nodes"][number];

export const getNode: Run = async (args, context) => {
  const relay = await relayOf(context);
  const { nodes, databaseFaults } = await relay.call("listNodes", {});
  const identity = textOf(args, "Identity");
  const pattern = identity === undefined ? undefined : wildcard(identity);
  const rows =
    identity === undefined
      ? nodes
      : nodes.filter(({ name }) => pattern?.(name) ?? name.toLowerCase() === identity.toLowerCase());
  const isOne = identity !== undefined && pattern === undefined;
  if (isOne && rows.length === 0)
    throw new CommandFault(`there is no node ${identity}; weir Get-Node lists them`);
  printRows(context.output, args, {
    rows,
    columns: rows.some(({ failedListeners }) => failedListeners.length > 0)
      ? [...columns, notListening]
      : columns,
    properties,
    none:
      identity === undefined
        ? "this relay is no node of several: its configuration has no section cluster"
        : `no node fits ${identity}`,
    ...(isOne ? { single: true } : {}),
  });
  if (identity === undefined && !isOn(args, "Json"))
    for (const { text, advice } of databaseFaults) context.output.complain(`${text}; ${advice}\n`);
  return 0;
};

const columns: readonly Column<Node>[] = [
  { header: "Name", value: ({ name, isThis }) => (isThis ? `${name} (this)` : name) },
  { header: "State", value: ({ state }) => state, style: ({ state }) => (isWell(state) ? undefined : "bad") },
  { header: "Since", value: (node) => localTime(node.endedAt ?? node.startedAt) },
  { header: "Version", value: ({ version }) => version },
  { header: "Config", value: configurationText, style: (node) => (isCurrent(node) ? undefined : "bad") },
  { header: "Messages", value: ({ messages }) => messages, align: "right" },
  { header: "Connections", value: ({ connections }) => connections, align: "right" },
  { header: "Lease", value: leaseText, drop: 2 },
  { header: "Address", value: ({ address }) => address ?? "", drop: 3 },
];

/** Only where there is one: the addresses; why stands in the list of one node. */
const notListening: Column<Node> = {
  header: "Not listening",
  value: ({ failedListeners }) => failedListeners.map((text) => text.split(" ", 1)[0]).join(", "),
  style: () => "bad",
};

function properties(node: Node): readonly Property[] {
  const { suspended } = node;
  return [
    { name: "Name", value: node.name },
    { name: "State", value: node.state },
    { name: "Version", value: node.version },
    { name: "Number", value: String(node.number) },
    { name: "Since", value: localTime(node.startedAt) },
    ...(node.endedAt === null ? [] : [{ name: "Ended", value: localTime(node.endedAt) }]),
    { name: "Lease", value: leaseText(node) },
    { name: "Messages", value: String(node.messages) },
    { name: "Connections", value: String(node.connections) },
    { name: "Address", value: node.address ?? "" },
    ...node.failedListeners.map((text) => ({ name: "NotListening", value: text })),
    { name: "Configuration", value: configurationText(node) },
    ...(node.configuration?.faults ?? []).map((fault) => ({ name: "  cannot use", value: fault })),
    { name: "DoesChores", value: node.isChores ? "True" : "False" },
    {
      name: "Suspended",
      value: suspended === null ? "" : `since ${localTime(suspended.since)} by ${suspended.by}`,
    },
  ];
}

/** `7`; `6 of 7` where it is behind. */
function configurationText({ configuration }: Node): string {
  if (configuration === null) return "";
  const { inForce, newest } = configuration;
  return inForce === newest ? String(newest) : `${inForce ?? "none"} of ${newest}`;
}

/** What lives no more takes it when it comes. */
function isCurrent({ configuration, endedAt }: Node): boolean {
  return endedAt !== null || configuration === null || configuration.faults.length === 0;
}

function isWell(state: Node["state"]): boolean {
  return state !== "NotHeard" && state !== "Down";
}

/** `7s left of 10s` */
function leaseText({ leaseMs, leaseLeftMs }: Node): string {
  if (leaseLeftMs === null) return "";
  return leaseLeftMs >= 0 ? `${age(leaseLeftMs)} left of ${age(leaseMs)}` : `over for ${age(-leaseLeftMs)}`;
}

export const suspendNode: Run = async (args, { output, ...context }) => {
  const relay = await relayOf(context);
  const answer = await relay.call("suspendNode", { name: await meant(args, relay) });
  const { changed, node, others } = answer;
  if (isOn(args, "Json")) writeJson(output, answer);
  else
    output.write(
      `${node.name} is suspended${changed ? "" : " already"}: it takes no new mail; ${counted(node.messages, "message is", "messages are")} left there, ${counted(node.connections, "connection is", "connections are")} open; weir Get-Node shows when it is empty\n`,
    );
  if (others === 0 && !isOn(args, "Json"))
    output.complain("no other node takes mail: until one does, nobody takes any and what waits stays\n");
  return 0;
};

export const resumeNode: Run = async (args, { output, ...context }) => {
  const relay = await relayOf(context);
  const answer = await relay.call("resumeNode", { name: await meant(args, relay) });
  const { changed, node } = answer;
  if (isOn(args, "Json")) writeJson(output, answer);
  else
    output.write(
      !changed
        ? `${node.name} is not suspended\n`
        : node.endedAt === null
          ? `${node.name} takes mail again\n`
          : `${node.name} takes mail again when it is started\n`,
    );
  return 0;
};

export const removeNode: Run = async (args, { output, ...context }) => {
  const relay = await relayOf(context);
  const answer = await relay.call("removeNode", { name: textOf(args, "Identity") ?? "" });
  if (isOn(args, "Json")) writeJson(output, answer);
  else output.write(`${answer.name} is forgotten; what it held is others' since it went\n`);
  return 0;
};

async function meant(args: Arguments, relay: AdminClient): Promise<string> {
  const named = textOf(args, "Identity");
  if (named !== undefined) return named;
  const { nodes } = await relay.call("listNodes", {});
  return nodes.find(({ isThis }) => isThis)?.name ?? "";
}
