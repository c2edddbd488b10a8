/** The sentences that matter now: what runs short, what cannot be delivered, who is refused; else that all is well. */
import { adviseLimit, type LimitAdvice, type LimitDemand } from "../../core/policy/limit-advice.ts";
import type { RecentRefusal } from "../../metrics/recent-refusals.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Administered } from "../administered.ts";
import type { Output } from "../contract.ts";
import { configuredValue } from "./limit-usage.ts";
import { certificateHeadlines, pressureHeadlines } from "./resource-headlines.ts";
import { shownApplication } from "./shown-values.ts";

type Relay = Administered["relay"];
export type Headline = Output<"getOverview">["headlines"][number];

/** More than these nobody reads; the rest is summed up in one. */
const mostRefusals = 5;

export function headlines(relay: Relay, clock: Clock): Headline[] {
  const wallOffsetMs = clock.wall().getTime() - clock.now();
  const instant = (at: number): string => new Date(at + wallOffsetMs).toISOString();
  const refusals = relay.metrics.refusals.recent(clock.now());
  const certificates = certificateHeadlines(relay.certificates.inUse(), clock.wall().getTime());
  const found = [
    ...pressureHeadlines(relay.pressure()),
    ...queuesInTrouble(relay, instant),
    ...refusals.slice(0, mostRefusals).map((refusal) => refused(relay, refusal, instant)),
    ...otherRefusals(refusals.slice(mostRefusals)),
    ...certificates,
  ];
  // A resource that runs short and an unreachable next hop concern everybody's mail; then those most often refused.
  return found.length > 0 ? found : [calm(relay)];
}

function queuesInTrouble(relay: Relay, instant: (at: number) => string): Headline[] {
  return relay
    .queues()
    .filter(
      ({ status, messages, queue, lastError }) =>
        messages > 0 &&
        (status === "Retry" || (queue !== "" && status === "Ready" && lastError !== undefined)),
    )
    .map(({ identity, connector, messages, lastError, firstRetryAt, nextRetryAt, status }) => {
      const waiting = `${number(messages)} ${messages === 1 ? "message waits" : "messages wait"}`;
      const error = lastError === undefined ? "" : `: ${lastError.replace(/[.\s]+$/, "")}`;
      const next = nextRetryAt === undefined ? "" : ` Next attempt ${instant(nextRetryAt)}.`;
      return {
        severity: status === "Retry" ? ("error" as const) : ("warning" as const),
        text: `Queue ${identity} cannot be delivered${error}. ${waiting}.${next}`,
        queue: identity,
        count: messages,
        ...(connector === undefined ? undefined : { connector }),
        ...(firstRetryAt === undefined ? undefined : { since: instant(firstRetryAt) }),
      };
    })
    .sort((a, b) => b.count - a.count);
}

function refused(relay: Relay, refusal: RecentRefusal, instant: (at: number) => string): Headline {
  const { connector, limit, source, count, since } = refusal;
  const application = shownApplication(relay.settings, source)?.name;
  const who = application === undefined ? source : `${source} (${application})`;
  const advice = adviceOn(relay, refusal);
  const [change] = advice?.changes ?? [];
  const configured = configuredOf(relay, connector, limit);
  const what = configured === Infinity ? limit : limitText(limit, configured);
  return {
    severity: "warning",
    text: `${who} is being refused by ${connector}: ${what}. ${times(count)} in the last 10 minutes.`,
    connector,
    source,
    ...(application === undefined ? undefined : { application }),
    setting: limit,
    count,
    since: instant(since),
    ...(advice === undefined || change === undefined
      ? undefined
      : { fix: { setting: change.limit, value: change.suggested, command: advice.command } }),
  };
}

function configuredOf(relay: Relay, connector: string, limit: string): number {
  if (limit === "maxConnectionRatePerMinute") return relay.settings.transport.maxConnectionRatePerMinute;
  const settings = relay.settings.receiveConnectors.find(({ name }) => name === connector);
  return settings === undefined ? Infinity : configuredValue(settings, limit);
}

/** What would have been enough for what the source wanted within the last hour; undefined when it is by now. */
function adviceOn(relay: Relay, { connector: name, limit, source }: RecentRefusal): LimitAdvice | undefined {
  const connector = relay.settings.receiveConnectors.find((one) => one.name === name);
  const usage = relay.usage.source(source).find((one) => one.connector === name);
  if (connector === undefined || usage === undefined) return undefined;
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

function otherRefusals(rest: readonly RecentRefusal[]): Headline[] {
  if (rest.length === 0) return [];
  const count = rest.reduce((total, one) => total + one.count, 0);
  const sources = new Set(rest.map(({ source }) => source)).size;
  return [
    {
      severity: "warning",
      text: `${number(sources)} more ${sources === 1 ? "source was" : "sources were"} refused by limits. ${times(count)} in the last 10 minutes.`,
      count,
    },
  ];
}

function calm(relay: Relay): Headline {
  const points = relay.overview.points().slice(-60);
  const received = points.reduce((total, point) => total + point.received, 0);
  const { sessions, queued } = relay;
  return {
    severity: "information",
    text: `All is well: ${number(sessions)} ${sessions === 1 ? "connection" : "connections"}, ${number(received)} ${received === 1 ? "message" : "messages"} in the last minute, ${number(queued)} queued, nobody refused.`,
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
      return `${limit} ${value}`;
  }
}

function times(count: number): string {
  return count === 1 ? "Once" : `${number(count)} times`;
}

function number(value: number): string {
  return value.toLocaleString("en");
}
