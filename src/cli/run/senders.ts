/** Get-Application -Unknown, -Senders, -Findings: who uses the relay, and what is remarkable about it. */
import type { Output as Answer } from "../../admin/contract.ts";
import type { Arguments } from "../arguments/value.ts";
import { isOn } from "../arguments/value.ts";
import type { Property } from "../output/list.ts";
import type { Output } from "../output/output.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";
import { nothingFound } from "./nothing-found.ts";

type Senders = Answer<"listSenders">;
type Sender = Senders["senders"][number];
type Known = Answer<"getSenderActivity">["known"];
type Finding = Senders["findings"][number];

export function seenText(instant: string | null): string {
  return instant === null ? "never" : localTime(instant);
}

/** What is known, below an application's settings. */
export function knownProperties(known: Known): readonly Property[] {
  const { messages, recipients, octets, refusals, findings } = known;
  return [
    { name: "FirstSeen", value: seenText(known.firstSeen) },
    { name: "LastSeen", value: seenText(known.lastSeen) },
    { name: "LastMessage", value: seenText(known.lastMessage) },
    { name: "Connections", value: String(known.connections) },
    { name: "Messages", value: String(messages) },
    { name: "Recipients", value: String(recipients) },
    { name: "Octets", value: String(octets) },
    { name: "Refused", value: String(refusals), style: refusals > 0 ? "warning" : undefined },
    { name: "UsualPerDay", value: known.usualPerDay === null ? "" : String(known.usualPerDay) },
    { name: "Sources", value: sourcesText(known) },
    { name: "HeloNames", value: known.heloNames.join(", ") },
    { name: "Doors", value: known.doors.join(", ") },
    { name: "Connectors", value: known.connectors.join(", ") },
    { name: "TLS", value: known.tls.join(", ") },
    { name: "Mechanisms", value: known.mechanisms.join(", ") },
    ...findings.map(({ text }, index): Property => ({
      name: index === 0 ? "Findings" : "",
      value: text,
      style: "warning",
    })),
  ];
}

function sourcesText({ sources, sourceCount }: Known): string {
  const more = sourceCount - sources.length;
  return `${sources.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

export function printSenders(
  args: Arguments,
  output: Output,
  { senders, total }: Senders,
  isUnknown: boolean,
): 0 {
  const none = nothingFound(args, ["Last"], {
    nothing: isUnknown
      ? "every sender of the last 7 days belongs to an application"
      : "nobody came in the last 7 days",
    unfit: isUnknown ? "every sender belongs to an application, of those seen in" : "nobody came in",
  });
  printRows(output, args, {
    rows: senders,
    columns: isUnknown ? unknownColumns : senderColumns,
    properties,
    none,
  });
  if (total > senders.length)
    output.complain(`${total - senders.length} more; -ResultSize unlimited shows all\n`);
  const [first] = senders;
  if (
    isUnknown &&
    first?.command != null &&
    !["Json", "Csv", "List", "Property"].some((name) => isOn(args, name))
  )
    output.complain(`One is named with: ${first.command}\n`);
  return 0;
}

const sourceColumns: readonly Column<Sender>[] = [
  { header: "Source", value: ({ source }) => source },
  { header: "User", value: ({ user }) => user },
];
const knownColumns: readonly Column<Sender>[] = [
  { header: "HeloName", drop: 2, value: ({ heloNames }) => heloNames.join(" ") },
  { header: "Connector", drop: 5, value: ({ connectors }) => connectors.join("; ") },
  { header: "FirstSeen", drop: 4, value: ({ firstSeen }) => seenText(firstSeen) },
  { header: "LastSeen", value: ({ lastSeen }) => seenText(lastSeen) },
  { header: "Messages", value: ({ messages }) => messages, align: "right" },
  { header: "Recipients", drop: 7, value: ({ recipients }) => recipients, align: "right" },
  {
    header: "Refused",
    value: ({ refusals }) => refusals,
    align: "right",
    style: ({ refusals }) => (refusals > 0 ? "warning" : undefined),
  },
  { header: "PerDay", drop: 6, value: ({ usualPerDay }) => usualPerDay ?? "", align: "right" },
  { header: "TLS", drop: 1, value: ({ tls }) => tls.join(" ") },
  { header: "Mechanism", drop: 8, value: ({ mechanisms }) => mechanisms.join(" ") },
  { header: "Door", drop: 9, value: ({ doors }) => doors.join(" ") },
];
const unknownColumns = [...sourceColumns, ...knownColumns];
const senderColumns: readonly Column<Sender>[] = [
  { header: "Application", value: ({ application }) => application ?? "" },
  ...sourceColumns,
  { header: "Owner", drop: 3, value: ({ owner }) => owner ?? "" },
  ...knownColumns,
];

function properties(sender: Sender): readonly Property[] {
  return [
    { name: "Application", value: sender.application ?? "" },
    { name: "Owner", value: sender.owner ?? "" },
    { name: "Source", value: sender.source },
    { name: "User", value: sender.user },
    ...knownProperties(sender).filter(({ name }) => name !== "Sources"),
    ...(sender.command === null ? [] : [{ name: "Command", value: sender.command }]),
  ];
}

export function printFindings(args: Arguments, output: Output, { findings }: Senders): 0 {
  printRows(output, args, {
    rows: findings,
    columns: findingColumns,
    none: "nobody is new, silent or sends more than usual, and nothing was lost as far as is known",
  });
  return 0;
}

const kindWords: Readonly<Record<Finding["kind"], string>> = {
  newSender: "New",
  silentSender: "Silent",
  unusualVolume: "Ten times",
  hiddenApplications: "Several",
  silentLoss: "Lost",
};

const findingColumns: readonly Column<Finding>[] = [
  { header: "Since", value: ({ since }) => localTime(since) },
  { header: "Who", value: ({ who }) => who },
  { header: "What", value: ({ kind }) => kindWords[kind] },
  { header: "Application", drop: 1, value: ({ application }) => application ?? "" },
  { header: "Text", value: ({ text }) => text, wraps: true },
];
