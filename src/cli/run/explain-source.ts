/** What happened to a source, as one screen of text. */
import type { Output as Answer } from "../../admin/contract.ts";
import { wrapped } from "../output/display-width.ts";
import type { Output } from "../output/output.ts";
import { escapeControls } from "../../core/units/escape-controls.ts";
import { exchangeName } from "../output/setting-text.ts";
import { whyText } from "./refusals.ts";
import { age, clockTime, localTime } from "../output/time-text.ts";

type Explanation = Answer<"explainSource">;
type Connector = Explanation["connectors"][number];
type Refusals = Connector["refusals"][number];

const eventsShown = 5;
const labelWidth = 16;

export function explainedSource(
  explanation: Explanation,
  output: Output,
  { config }: { readonly config: string | undefined },
): readonly string[] {
  const { source, connectors, connections, events, remedies } = explanation;
  const command = (text: string): string =>
    `  ${output.style("changed", `weir ${text}${config === undefined ? "" : ` --config ${config}`}`)}`;
  const refusals = connectors
    .flatMap((connector) => connector.refusals.map((it) => ({ connector, refusals: it })))
    .toSorted((a, b) => b.refusals.lastAt.localeCompare(a.refusals.lastAt));
  const lines = [
    output.style("heading", `${source}${whoIs(explanation)}`),
    ...row("reaches", reaches(explanation)),
    ...row("connected now", connectedNow(explanation)),
    ...connectors
      .filter(({ highestOpenLastDay }) => highestOpenLastDay > 0)
      .flatMap((connector) => row(`on ${connector.connector}`, highest(connector))),
    ...connectors.flatMap((connector) => row("held back", heldBack(connector))),
    ...connectors.flatMap((connector) => row("slowed", slowed(connector))),
  ];
  if (refusals.length === 0) {
    lines.push("", ...nothingRefused(explanation));
  } else {
    lines.push("", output.style("heading", "What it met"));
    for (const it of refusals) lines.push(...metLines(it.connector, it.refusals, output));
  }
  for (const remedy of remedies) lines.push("", ...remedyLines(remedy, output, command));
  if (refusals.length > 0 && remedies.length === 0)
    lines.push("", "The settings of now would let it do what it wanted; nothing needs to change.");
  // What stands under “What it met” already is not said again.
  const kinds: readonly string[] = refusals.map((it) => it.refusals.kind);
  const others = events.filter(
    ({ fields: { refusal } }) => typeof refusal !== "string" || !kinds.includes(refusal),
  );
  if (others.length > 0) {
    lines.push("", output.style("heading", refusals.length === 0 ? "Last events" : "Other events"));
    for (const { at, id, count, text } of others.slice(0, eventsShown)) {
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

/** Anonymous clients wait for each refusal, and see that as a slow relay. */
function slowed({ connector, tarpitMs, refusals, discreditedForMs }: Connector): string {
  return tarpitMs === 0 || discreditedForMs !== null || !refusals.some(({ over }) => !over)
    ? ""
    : `${connector} holds back each refusal (5xx) for ${age(tarpitMs)} while it is not logged on (TarpitInterval)`;
}

function metLines({ connector }: Connector, refusals: Refusals, output: Output): readonly string[] {
  const { lastHour, lastDay, lastAt, last, reply, over, about } = refusals;
  const where = last.connector === null ? "" : ` on ${connector}`;
  const what = `${whyText(refusals)}${where}, event ${last.eventId}`;
  const counted = last.seen === null || last.problem !== "" ? "" : `, counted: ${last.seen}`;
  return [
    ...indented(output.style(over ? "faint" : "bad", what), 2, output),
    `    ${times(lastHour)} in the last hour, ${times(lastDay)} in the last day; last at ${localTime(lastAt)}${counted}`,
    ...(about.length > 1 ? indented(`about ${about.join(", ")}`, 4, output) : []),
    ...(reply === null ? [] : indented(`it was told: ${reply}`, 4, output)),
    ...(reply?.includes(last.reference) === true ? [] : [`    reference: ${last.reference}`]),
    ...(over ? ["    the settings of now would not refuse it"] : []),
  ];
}

function remedyLines(
  { title, text, commands, changes, notes }: Explanation["remedies"][number],
  output: Output,
  command: (text: string) => string,
): readonly string[] {
  return [
    output.style("heading", title),
    ...indented(text, 2, output),
    ...changes.map(
      ({ limit, configured, suggested }) => `  ${exchangeName(limit)}  ${configured} → ${suggested}`,
    ),
    ...notes.flatMap((note) => indented(note, 2, output)),
    ...commands.flatMap(({ command: line, effect }) => [
      command(line),
      ...(effect === "" ? [] : indented(effect, 4, output)),
    ]),
  ];
}

function nothingRefused({ wouldReach, events }: Explanation): readonly string[] {
  const isUnserved = wouldReach.length > 0 && wouldReach.every(({ connector }) => connector === null);
  if (isUnserved)
    return ["It has not come yet. If it does, its connections are refused: no receive connector serves it."];
  if (events.length > 0) return ["Nothing was refused to it within the last day."];
  return [
    "Nothing was refused to it within the last day, and no event names it.",
    "If its log shows a refusal all the same: it may come from another address (NAT, another network card; see",
    "weir Get-Connection and weir Get-EventLog -EventId 20014), reach another server, or be older than a day.",
  ];
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
