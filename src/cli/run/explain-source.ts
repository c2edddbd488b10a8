/** What happened to a source, as one screen of text. */
import type { Output as Answer } from "../../admin/contract.ts";
import { wrapped } from "../output/display-width.ts";
import type { Output } from "../output/output.ts";
import { escapeControls } from "../../core/units/escape-controls.ts";
import { exchangeName } from "../output/setting-text.ts";
import { age, clockTime, localTime } from "../output/time-text.ts";

type Explanation = Answer<"explainSource">;
type Connector = Explanation["connectors"][number];
type Refusals = Connector["refusals"][number];

interface Met {
  readonly connector: Connector;
  readonly refusals: Refusals;
}

/** Limits whose advice says how much would have been enough; where there is none, it is enough by now. */
const countedLimits: readonly string[] = [
  "maxInboundConnection",
  "maxInboundConnectionPerSource",
  "maxInboundConnectionPercentagePerSource",
  "messageRateLimit",
  "maxConnectionRatePerMinute",
];
const eventsShown = 5;
const labelWidth = 16;

export function explainedSource(
  explanation: Explanation,
  output: Output,
  {
    config,
    connectorNames,
  }: { readonly config: string | undefined; readonly connectorNames: readonly string[] },
): readonly string[] {
  const { source, connectors, connections, events } = explanation;
  const command = (text: string): string =>
    `  ${output.style("changed", `weir ${text}${config === undefined ? "" : ` --config ${config}`}`)}`;
  const refusals = connectors.flatMap((connector) =>
    connector.refusals.map((it) => ({ connector, refusals: it })),
  );
  const advice = connectors.flatMap(({ advice: each }) => each);
  const lines = [
    output.style("heading", `${source}${whoIs(explanation)}`),
    ...row("reaches", reaches(explanation)),
    ...row("connected now", connectedNow(explanation)),
    ...connectors.flatMap((connector) => row(`on ${connector.connector}`, highest(connector))),
    ...connectors.flatMap((connector) => row("held back", heldBack(connector))),
  ];
  if (refusals.length === 0) {
    lines.push("", ...nothingRefused(explanation, connectorNames, command));
  } else {
    lines.push("", output.style("heading", "What it met"));
    for (const it of refusals) lines.push(...metLines(it.connector, it.refusals, output));
  }
  if (advice.length > 0) {
    lines.push("", output.style("heading", "What would have been enough"));
    for (const { changes, command: text, notes } of advice) {
      lines.push(
        ...changes.map(
          ({ limit, configured, suggested }) => `  ${exchangeName(limit)}  ${configured} → ${suggested}`,
        ),
        ...notes.flatMap((note) => indented(note, 2, output)),
        command(text),
      );
    }
  }
  const others = refusals.filter(
    (it) => it.refusals.limit !== null && !countedLimits.includes(it.refusals.limit),
  );
  if (others.length > 0) lines.push("", ...otherLimits(others, command));
  else if (refusals.length > 0 && advice.length === 0)
    lines.push("", "The settings of now are enough for what it wanted; nothing needs to change.");
  if (events.length > 0 && (refusals.length === 0 || events.length > refusals.length)) {
    lines.push("", output.style("heading", "Last events"));
    for (const { at, id, count, text } of events.slice(0, eventsShown)) {
      const counted = count === undefined || count === 1 ? "" : ` (${times(count)})`;
      lines.push(...indented(`${clockTime(at)}  ${id}${counted}  ${text}`, 2, output));
    }
  }
  if (events.length > 0 || connections.length > 0) {
    lines.push("", "More:", command(`Get-EventLog -Source ${source} -List`));
    if (connections.length > 0) lines.push(command(`Get-Connection -Source ${source}`));
  }
  return lines;
}

function whoIs({ application }: Explanation): string {
  if (application === null) return "  (no application is named for it in weir.yaml)";
  const { name, owner, purpose } = application;
  const more = [owner === null ? [] : [`owner: ${owner}`], purpose ?? []].flat().join("; ");
  return `  ${escapeControls(name)}${more === "" ? "" : ` (${escapeControls(more)})`}`;
}

function reaches({ wouldReach }: Explanation): string {
  const served = wouldReach.filter(({ connector }) => connector !== null);
  const refusing = wouldReach.filter(({ connector }) => connector === null).map(({ binding }) => binding);
  const texts = served.map(({ binding, connector }) => `${connector ?? ""} at ${binding}`);
  if (refusing.length > 0)
    texts.push(`nothing at ${refusing.join(", ")}: no connector's remoteIpRanges hold it`);
  return texts.join("; ");
}

function connectedNow({ connections }: Explanation): string {
  const [oldest] = connections;
  if (oldest === undefined) return "no";
  const states = new Map<string, number>();
  for (const { state } of connections) states.set(state, (states.get(state) ?? 0) + 1);
  const byState = [...states].map(([state, count]) => `${count} ${state}`).join(", ");
  return `${connections.length} (${byState}), the oldest since ${localTime(oldest.since)}`;
}

function highest(connector: Connector): string {
  const { highestOpenLastHour, highestOpenLastDay, highestMessagesLastDay, meanConnectionMs } = connector;
  const parts = [
    `at most ${highestOpenLastHour} connections at once in the last hour, ${highestOpenLastDay} in the last day`,
  ];
  if (meanConnectionMs !== null) parts.push(`each lasts ${age(meanConnectionMs)} on average`);
  if (highestMessagesLastDay > 0) parts.push(`at most ${highestMessagesLastDay} messages in a minute`);
  return parts.join("; ");
}

function heldBack({ connector, discreditedForMs }: Connector): string {
  return discreditedForMs === null
    ? ""
    : `${connector} holds back each reply to it for another ${age(discreditedForMs)}, or until a message of it is taken: it hung up while a refusal was held back (TarpitInterval, DiscreditInterval)`;
}

function metLines(
  { connector }: Connector,
  { limit, lastHour, lastDay, lastAt, last, reply }: Refusals,
  output: Output,
): readonly string[] {
  const allowed =
    last.allowed === last.configured
      ? `${last.configured}`
      : `${last.configured} % = ${last.allowed} at that moment`;
  const what = limit === null ? last.problem : `${exchangeName(limit)} (${allowed})`;
  return [
    `  ${output.style("bad", what)} of ${connector}, event ${last.eventId}`,
    `    ${times(lastHour)} in the last hour, ${times(lastDay)} in the last day; last at ${localTime(lastAt)}${last.seen === null ? "" : `, counted: ${last.seen}`}`,
    ...(reply === null ? [] : indented(`it was told: ${reply}`, 4, output)),
    ...(reply?.includes(last.reference) === true ? [] : [`    reference: ${last.reference}`]),
  ];
}

function nothingRefused(
  { source, wouldReach, events }: Explanation,
  connectorNames: readonly string[],
  command: (text: string) => string,
): readonly string[] {
  const unserved = wouldReach.length > 0 && wouldReach.every(({ connector }) => connector === null);
  if (unserved) {
    return [
      "No receive connector serves this address, so its connections are refused. To let it in:",
      ...connectorNames.map((name) =>
        command(`Set-ReceiveConnector ${commandWord(name)} -RemoteIPRanges "@{Add='${source}'}"`),
      ),
    ];
  }
  if (events.length > 0) return ["No limit refused it within the last day."];
  return [
    "No limit refused it within the last day, and no event names it.",
    "If its log shows a refusal all the same: it may come from another address (NAT, another network card; see",
    "weir Get-Connection and weir Get-EventLog -EventId 20014), reach another server, or be older than a day.",
  ];
}

function otherLimits(refusals: readonly Met[], command: (text: string) => string): readonly string[] {
  return [
    "How much it needs is for the application to tell. The command that changes it:",
    ...refusals.map(({ connector, refusals: { limit } }) =>
      command(`Set-ReceiveConnector ${commandWord(connector.connector)} -${exchangeName(limit ?? "")} VALUE`),
    ),
  ];
}

/** As a shell and PowerShell both read it. */
function commandWord(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text}'`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

function row(label: string, text: string): readonly string[] {
  if (text === "") return [];
  return [`  ${label.padEnd(labelWidth)}  ${text}`];
}

function indented(text: string, indent: number, { width }: Output): readonly string[] {
  const room = width === undefined ? Infinity : Math.max(30, width - indent);
  return wrapped(escapeControls(text), room).map((line) => " ".repeat(indent) + line);
}
