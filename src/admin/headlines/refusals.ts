/** Who is refused what, or was until a while ago, and which limit would be enough. */
import { adviseLimit, type LimitAdvice, type LimitDemand } from "../../core/policy/limit-advice.ts";
import type { RefusalKind } from "../../core/refusals/catalogue.ts";
import { limitValueText } from "../../core/refusals/explanation.ts";
import type { RecentRefusal } from "../../metrics/recent-refusals.ts";
import type { Administered } from "../administered.ts";
import {
  type ApplicationName,
  counted,
  type Headline,
  type Instant,
  mostOfAKind,
  number,
  times,
  whoText,
} from "./headline.ts";

type Relay = Pick<Administered["relay"], "settings" | "usage">;

/** A client that is refused tries again within this time; one that was not refused for longer "was". */
const presentMs = 60_000;

/** Who falls silent, leaves, or is there when the relay stops was refused nothing that it wanted. */
const quietKinds: readonly RefusalKind[] = ["timedOut", "leftWaiting", "shuttingDown"];

/** `all`: those most refused first. `now`: `Clock.now()`. */
export function refusalHeadlines(
  relay: Relay,
  all: readonly RecentRefusal[],
  now: number,
  applicationOf: ApplicationName,
  instant: Instant,
): Headline[] {
  const refusals = all.filter(({ kind }) => !quietKinds.includes(kind));
  const rest = refusals.slice(mostOfAKind);
  return [
    ...refusals.slice(0, mostOfAKind).map((refusal) => refused(relay, refusal, now, applicationOf, instant)),
    ...(rest.length === 0 ? [] : [otherRefusals(rest)]),
  ];
}

function refused(
  relay: Relay,
  refusal: RecentRefusal,
  now: number,
  applicationOf: ApplicationName,
  instant: Instant,
): Headline {
  const { connector, limit, source, count, since, lastAt, configured, problem } = refusal;
  const application = applicationOf(source);
  const who = whoText(source, application);
  const what = limit === undefined || configured === undefined ? problem : limitText(limit, configured);
  const by = connector === undefined ? "" : ` by ${connector}`;
  const common = {
    subject: "source" as const,
    ...(connector === undefined ? undefined : { connector }),
    source,
    ...(application === undefined ? undefined : { application }),
    ...(limit === undefined ? undefined : { setting: limit }),
    count,
    since: instant(since),
    lastAt: instant(lastAt),
  };
  const change = changeSince(relay, refusal);
  if (change !== undefined)
    return {
      ...common,
      severity: "information",
      text: `${who} was refused${by} ${times(count)} until ${instant(lastAt)}: ${what}. ${change}.`,
    };
  const advice = adviceOn(relay, refusal);
  const [first] = advice?.changes ?? [];
  const isPresent = now - lastAt < presentMs;
  return {
    ...common,
    severity: "warning",
    text: isPresent
      ? `${who} is being refused${by}: ${what}. ${upper(times(count))} in the last 10 minutes.`
      : `${who} was refused${by} until ${instant(lastAt)}: ${what}. ${upper(times(count))} in the last 10 minutes.`,
    ...(advice === undefined || first === undefined
      ? undefined
      : { fix: { setting: first.limit, value: first.suggested, command: advice.command } }),
  };
}

/** What was changed since the last refusal, in words; undefined: the limit is as it was then. */
function changeSince(relay: Relay, { connector, limit, configured }: RecentRefusal): string | undefined {
  if (connector === undefined) return undefined;
  const settings = relay.settings.receiveConnectors.find(({ name }) => name === connector);
  if (settings === undefined) return `There is no receive connector ${connector} any more`;
  if (limit === undefined) return undefined;
  const now = valueOf(limit in settings ? settings : relay.settings.transport, limit);
  if (now === undefined || now === configured) return undefined;
  return now === Infinity ? "There is no limit now" : `The limit is now ${limitValue(limit, now)}`;
}

function valueOf(settings: object, limit: string): number | undefined {
  const value = (settings as Readonly<Record<string, unknown>>)[limit];
  return typeof value === "number" ? value : undefined;
}

/** What would have been enough for what the source wanted within the last hour; undefined when it is by now. */
function adviceOn(relay: Relay, { connector: name, limit, source }: RecentRefusal): LimitAdvice | undefined {
  const connector = relay.settings.receiveConnectors.find((one) => one.name === name);
  const usage = relay.usage.source(source).find((one) => one.connector === name);
  if (connector === undefined || usage === undefined || limit === undefined) return undefined;
  const demand = demandFor(relay, limit, usage);
  return demand && adviseLimit(connector, demand);
}

function demandFor(
  relay: Relay,
  limit: string,
  usage: ReturnType<Relay["usage"]["source"]>[number],
): LimitDemand | undefined {
  switch (limit) {
    case "maxInboundConnection":
    case "maxInboundConnectionPerSource":
    case "maxInboundConnectionPercentagePerSource":
      return {
        kind: "connections",
        fromSource: usage.wantedConnectionsLastHour,
        byOthers: usage.openByOthersLastDay,
      };
    case "messageRateLimit":
      return { kind: "messages", perMinute: usage.wantedMessagesLastHour };
    case "maxConnectionRatePerMinute":
      return {
        kind: "connectionRate",
        perMinute: relay.usage.connectionRate().wantedLastHour,
        configured: relay.settings.transport.maxConnectionRatePerMinute,
      };
    default:
      return undefined;
  }
}

function otherRefusals(rest: readonly RecentRefusal[]): Headline {
  const count = rest.reduce((total, one) => total + one.count, 0);
  const sources = new Set(rest.map(({ source }) => source)).size;
  return {
    subject: "source",
    severity: "warning",
    text: `${counted(sources, "more source")} ${sources === 1 ? "was" : "were"} refused. ${upper(times(count))} in the last 10 minutes.`,
    count,
  };
}

function limitText(limit: string, configured: number): string {
  const value = number(configured);
  switch (limit) {
    case "maxInboundConnection":
      return `${value} connections in all`;
    case "maxInboundConnectionPerSource":
      return `${value} connections per source`;
    case "maxInboundConnectionPercentagePerSource":
      return `${value} % of the free connections per source`;
    case "messageRateLimit":
      return `${value} messages a minute`;
    case "maxConnectionRatePerMinute":
      return `${value} connections a minute in all`;
    default:
      return `${limit} ${limitValue(limit, configured)}`;
  }
}

/** A size with its unit, else a number. */
function limitValue(limit: string, value: number): string {
  const text = limitValueText(limit, value);
  return text === String(value) ? number(value) : text;
}

function upper(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
