/** Test-Relay: applications that do not exist yet, played through the limits; and how many of them this machine can take. */
import { setPriority } from "node:os";
import { setImmediate } from "node:timers/promises";
import type { Json } from "../../admin/contract/values.ts";
import { ceilings, type Ceiling, type Limits, type Measured } from "../../core/planning/ceilings.ts";
import type { Plan } from "../../core/planning/plan.ts";
import {
  countedConnections,
  sharedCountError,
  type SharedCountError,
} from "../../core/planning/shared-count-error.ts";
import type { Played } from "../../core/planning/played.ts";
import { minutesOf, openedAtOnce, playedSources } from "../../core/planning/simulated-traffic.ts";
import type { ReplayedConnector } from "../../core/what-if/scenario.ts";
import { counted, number } from "../../core/units/counted.ts";
import { isOn, numberOf, textOf, type Arguments } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Context, Run } from "../cmdlet.ts";
import { meantRelay } from "../data-directory.ts";
import { CommandFault } from "../exit-code.ts";
import { measureMachine } from "../measure/machine.ts";
import { measureThroughput } from "../measure/throwaway-relay.ts";
import { writeJson, type Output } from "../output/output.ts";
import { exchangeName } from "../output/setting-text.ts";
import { tableLines } from "../output/table.ts";

const most = { sources: 100_000, nodes: 1_000, connectionsPerSource: 10_000, messagesPerMinute: 100_000 };
const messageRateSources = ["None", "IPAddress", "User", "All"] as const;
const lags = [0, 100, 1_000, 5_000, 30_000];
/** Of a source that wants a fifth more than it may: where a count that lags matters. */
const wantedPart = 1.2;

interface Settings {
  readonly connector: ReplayedConnector;
  readonly maxConnectionRatePerMinute: number;
  readonly maxMessageBytes: number;
  readonly sendPerMinute: number;
}

export const testRelay: Run = async (args, context) => {
  const { output } = context;
  const settings = await settingsOf(args, context);
  const plan = planOf(args, settings.connector);
  output.progress("Measuring this machine …");
  const measured = await measure(args, context, plan);
  lowerPriority();
  const { connector } = settings;
  const played = await simulate(plan, settings, output);
  const found = ceilings(plan, played.use, limitsOf(settings, played), measured);
  const nodes = numberOf(args, "Nodes");
  const errors =
    nodes === undefined ? [] : await lagErrors(plan, connector, bounded("Nodes", nodes, most.nodes), output);
  output.progress("");
  if (isOn(args, "Json")) {
    writeJson(output, {
      connector: connector.name,
      plan,
      minutes: minutesOf(plan),
      ...played,
      ceilings: found.map((one) => ({
        ...one,
        sources: one.sources === Infinity ? "unlimited" : one.sources,
      })),
      measured,
      sharedCount: errors,
    });
    return 0;
  }
  print(output, plan, settings, played, found, measured, errors);
  return 0;
};

function planOf(args: Arguments, { messageRateSource }: ReplayedConnector): Plan {
  const given = (name: string, usual: number, limit: number): number =>
    bounded(name, numberOf(args, name) ?? usual, limit);
  return {
    sources: given("Sources", 100, most.sources),
    connectionsPerSource: given("ConnectionsPerSource", 5, most.connectionsPerSource),
    messagesPerMinute: given("MessagesPerMinute", 30, most.messagesPerMinute),
    connectionMs: numberOf(args, "ConnectionTime") ?? 500,
    messageMs: numberOf(args, "MessageTime") ?? 100,
    messageBytes: given("MessageBytes", 20_000, 100_000_000),
    isTogether: isOn(args, "Together"),
    accounts: messageRateSource === "User" || messageRateSource === "All",
    seed: 1,
  };
}

function bounded(name: string, value: number, limit: number): number {
  if (value > limit) throw new CommandFault(`-${name} is ${limit} at most`, 2);
  return value;
}

async function settingsOf(args: Arguments, context: Context): Promise<Settings> {
  const relay = await relayOf(context);
  const [{ connectors }, { connectors: sending }, service] = await Promise.all([
    relay.call("listReceiveConnectors", {}),
    relay.call("listSendConnectors", {}),
    relay.call("getTransportService", {}),
  ]);
  const wanted = textOf(args, "Connector")?.toLowerCase();
  const found = connectors.find(({ name }) => wanted === undefined || name.toLowerCase() === wanted);
  if (found === undefined) throw new CommandFault("there is no such receive connector", 1);
  const { parseIpRange } = await import("../../core/units/ip-range.ts");
  const all = parseIpRange("0.0.0.0/0");
  if (!all.ok) throw new Error("all addresses are no range");
  const limit = (name: string): number => limitOf(found.settings[name]);
  const { settings } = found;
  const rates = sending
    .filter((one) => one.settings["enabled"] !== false)
    .map((one) => limitOf(one.settings["messageRateLimit"]));
  return {
    connector: {
      name: found.name,
      enabled: true,
      bindings: [{ address: "0.0.0.0", port: 25 }],
      httpBindings: [],
      remoteIpRanges: [all.value],
      limitAction: settings["limitAction"] === "delay" ? "delay" : "refuse",
      limitDelay: limit("limitDelay"),
      maxInboundConnection: limit("maxInboundConnection"),
      maxInboundConnectionPerSource: limit("maxInboundConnectionPerSource"),
      maxInboundConnectionPercentagePerSource: limit("maxInboundConnectionPercentagePerSource"),
      messageRateLimit: limit("messageRateLimit"),
      messageRateSource:
        messageRateSources.find((one) => one === settings["messageRateSource"]) ?? "IPAddress",
    },
    maxMessageBytes: limit("maxMessageSize"),
    maxConnectionRatePerMinute: limitOf(service.settings["maxConnectionRatePerMinute"]),
    sendPerMinute: rates.length === 0 ? Infinity : rates.reduce((sum, rate) => sum + rate, 0),
  };
}

function limitOf(value: Json | undefined): number {
  return typeof value === "number" ? value : Infinity;
}

async function measure(args: Arguments, context: Context, plan: Plan): Promise<Measured> {
  const { dataDirectory } = await meantRelay(context.config);
  const { directory, ...machine } = await measureMachine(dataDirectory);
  const nothing = { messagesPerSecond: undefined, cpuMsPerMessage: undefined };
  if (!isOn(args, "Measure")) return { ...machine, ...nothing };
  return { ...machine, ...(await measureThroughput(directory, plan.messageBytes)) };
}

/** Below whatever else runs here. */
function lowerPriority(): void {
  try {
    setPriority(10);
  } catch {
    // Not allowed here: then at the same priority.
  }
}

async function simulate(
  plan: Plan,
  { connector, maxConnectionRatePerMinute }: Settings,
  output: Output,
): Promise<Played> {
  const { play } = await import("../../core/planning/played.ts");
  const sources = playedSources(plan);
  const playing = play(plan, connector, maxConnectionRatePerMinute);
  for (;;) {
    const step = playing.next();
    if (step.done === true) return step.value;
    output.progress(`Playing ${counted(sources, "application")}: ${Math.floor(step.value * 100)} %`);
    await setImmediate();
    if (output.signal.aborted) throw new CommandFault("given up", 1);
  }
}

/** Who waits for a place or its minute is not refused, unless the wait is too long for it. */
function limitsOf(
  { connector, maxConnectionRatePerMinute, maxMessageBytes, sendPerMinute }: Settings,
  played: Played,
): Limits {
  const isEnforced = (limit: "maxInboundConnectionPerSource" | "messageRateLimit"): boolean =>
    connector.limitAction === "refuse" || (played.refused[limit] ?? 0) > 0;
  const isRated = connector.messageRateSource !== "None" && isEnforced("messageRateLimit");
  return {
    maxInboundConnection: connector.maxInboundConnection,
    maxInboundConnectionPerSource: isEnforced("maxInboundConnectionPerSource")
      ? connector.maxInboundConnectionPerSource
      : Infinity,
    maxInboundConnectionPercentagePerSource: connector.maxInboundConnectionPercentagePerSource,
    messageRateLimit: isRated ? connector.messageRateLimit : Infinity,
    maxMessageBytes,
    maxConnectionRatePerMinute,
    sendPerMinute,
  };
}

interface LagError extends SharedCountError {
  /** So many connections took less than ten times the lag. */
  readonly isShort: boolean;
}

async function lagErrors(
  plan: Plan,
  connector: ReplayedConnector,
  nodes: number,
  output: Output,
): Promise<readonly LagError[]> {
  const perSource = connector.maxInboundConnectionPerSource;
  const limit = perSource === Infinity ? plan.connectionsPerSource : perSource;
  const source = { wanted: limit * wantedPart, connectionMs: plan.connectionMs + plan.messageMs };
  const errors: LagError[] = [];
  for (const lagMs of lags) {
    output.progress(`Counting on ${nodes} nodes, ${lagMs} ms late`);
    await setImmediate();
    if (output.signal.aborted) throw new CommandFault("given up", 1);
    const { connections, isShort } = countedConnections({ ...source, lagMs });
    errors.push({
      ...sharedCountError({ ...source, nodes, limit, lagMs, connections, seed: plan.seed }),
      isShort,
    });
  }
  return errors;
}

function print(
  output: Output,
  plan: Plan,
  { connector, maxMessageBytes }: Settings,
  played: Played,
  found: readonly Ceiling[],
  measured: Measured,
  errors: readonly LagError[],
): void {
  const { use, refused, refusedSources, messages, waited } = played;
  const lines = [
    output.style(
      "heading",
      `${counted(plan.sources, "application")} on ${connector.name}, ${counted(minutesOf(plan), "minute")} of them`,
    ),
    `  ${counted(messages, "message")} came in, ${counted(use.highestOpen, "connection")} at once and ${number(Math.round(use.highestArrivalsPerMinute))} new ones a minute where nobody is refused.`,
  ];
  const opened = openedAtOnce(plan);
  if (opened < plan.connectionsPerSource)
    lines.push(
      `  Each opens ${counted(opened, "connection")}, for it has no more messages; -MessagesPerMinute gives it more.`,
    );
  if (plan.accounts)
    lines.push("  Each logs on by an account of its own, as messageRateSource counts by account.");
  if (played.sources < plan.sources)
    lines.push(
      `  Simplified: ${played.sources} of them were played, with as great a part of the connector's total, and counted ${(plan.sources / played.sources).toFixed(1)} times; how sources meet by chance is rougher so.`,
    );
  const limits = Object.entries(refused);
  const times = limits.reduce((sum, [, count]) => sum + count, 0);
  const isTooLarge = plan.messageBytes > maxMessageBytes;
  if (limits.length > 0)
    lines.push(
      `  ${output.style("bad", `Refused ${counted(times, "time")}`)}, ${counted(refusedSources, "application")}: ${limits.map(([limit, count]) => `${number(count)} by ${exchangeName(limit)}`).join(", ")}.`,
    );
  else if (!isTooLarge) lines.push(`  ${output.style("good", "Nobody was refused.")}`);
  if (isTooLarge)
    lines.push(
      `  ${output.style("bad", "Each message would be refused")}: it is larger than MaxMessageSize. What is played knows no sizes.`,
    );
  if (waited > 0) lines.push(`  ${number(waited)} had to wait for a place or a minute.`);
  lines.push("", output.style("heading", "How many of these applications fit, the tightest first"));
  lines.push(
    ...tableLines(
      [
        { header: "Ceiling", value: (one: Ceiling) => one.what },
        { header: "By", value: ({ by }) => by },
        { header: "Applications", value: ({ sources }) => ceilingText(sources), align: "right" },
      ],
      found.filter(({ sources }) => sources !== Infinity),
      output,
    ).map((line) => `  ${line}`),
  );
  const [first] = found;
  if (first !== undefined && first.sources !== Infinity)
    lines.push(
      `  ${first.sources < plan.sources ? output.style("bad", "Too many:") : output.style("good", "They fit:")} the first ceiling is ${first.what} (${first.by}), ${ceilingText(first.sources)}.`,
    );
  if (measured.messagesPerSecond === undefined)
    lines.push("  CPU was not measured; -Measure runs a relay of its own for some seconds and does.");
  lines.push("  Of what was measured 70 % are reckoned with.");
  if (errors.length > 0) {
    lines.push(
      "",
      output.style("heading", "A limit per source that nodes keep together, by how much their count lags"),
    );
    lines.push(
      ...tableLines(
        [
          { header: "Lag", value: (one: SharedCountError) => `${one.lagMs} ms`, align: "right" },
          { header: "HighestOpen", value: ({ highest }) => highest, align: "right" },
          { header: "LetInTooMany", value: ({ overshootPart }) => percent(overshootPart), align: "right" },
          { header: "RefusedNeedlessly", value: ({ needlessPart }) => percent(needlessPart), align: "right" },
        ],
        errors,
        output,
      ).map((line) => `  ${line}`),
    );
    if (errors.some(({ isShort }) => isShort))
      lines.push(
        "  Simplified: a million connections of one source were counted, which is less than ten times the longest lags: they would let in more.",
      );
  }
  output.write(`${lines.join("\n")}\n`);
}

function ceilingText(sources: number): string {
  return sources === 0 ? "none" : sources.toLocaleString("en");
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}
