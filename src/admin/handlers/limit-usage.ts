import { allowedByPercentage } from "../../core/policy/connection-limits.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { findNamed } from "./named-settings.ts";
import { shownApplication, shownLimit } from "./shown-values.ts";
import { watchedLimit } from "./watched-limit.ts";

type Relay = Administered["relay"];
type UsageRow = ReturnType<Relay["usage"]["connectionRate"]>;
type ShownRow = Output<"getLimitUsage">["connectionRate"];

const dayMs = 86_400_000;
/** Shown though nobody has come near them. */
const measured = [
  "maxInboundConnection",
  "maxInboundConnectionPerSource",
  "maxInboundConnectionPercentagePerSource",
  "messageRateLimit",
] as const;

export function limitUsageHandlers({
  relay,
  clock,
  startedAt,
}: Administered): Pick<Handlers, "getLimitUsage"> {
  return {
    getLimitUsage: ({ connector: given }) => {
      const { receiveConnectors, hostname, transport } = relay.settings;
      const wanted =
        given === undefined
          ? receiveConnectors
          : [findNamed(receiveConnectors, given, hostname, "receive connector")];
      const wouldBe = relay.usage.wouldBeRefusals();
      const usages = new Map(relay.usage.connectors().map((usage) => [usage.connector, usage]));
      const dayAgo = clock.wall().getTime() - dayMs;
      const rate = transport.maxConnectionRatePerMinute;
      return {
        connectors: wanted.map((connector) => {
          const usage = usages.get(connector.name);
          const rows = new Map(usage?.limits.map((row) => [row.limit, row]));
          const watched = Object.keys(connector.watched?.values ?? {});
          for (const limit of [...measured, ...watched]) if (!rows.has(limit)) rows.set(limit, unused(limit));
          return {
            connector: connector.name,
            openConnections: usage?.open ?? 0,
            waiting: relay.waiting(connector.name),
            sources: usage?.sources ?? 0,
            limits: [...rows.values()]
              .filter(({ limit }) => limit !== "maxConnectionRatePerMinute")
              .map((row) => ({
                ...shownRow(relay, row, ...valuesOf(row, connector, transport, usage?.open ?? 0)),
                watched: watchedLimit(relay, connector, row.limit, wouldBe),
              })),
          };
        }),
        connectionRate: shownRow(relay, relay.usage.connectionRate(), rate, rate),
        since: new Date(Math.max(startedAt.getTime(), dayAgo)).toISOString(),
      };
    },
  };
}

function unused(limit: string): UsageRow {
  return {
    limit,
    inUse: 0,
    highestLastHour: 0,
    highestLastDay: 0,
    wantedLastHour: 0,
    wantedLastDay: 0,
    refusedLastHour: 0,
    refusedLastDay: 0,
    topSources: [],
  };
}

/** As configured, and what it comes to now. */
function valuesOf(
  { limit, inUse }: UsageRow,
  connector: ReceiveConnectorSettings,
  transport: Relay["settings"]["transport"],
  open: number,
): [configured: number, allowed: number] {
  const configured = configuredValue(limit in transport ? transport : connector, limit);
  return [configured, limit in transport ? configured : allowedNow(connector, limit, open - inUse)];
}

/** Infinity for what is no number, or no setting any more. */
export function configuredValue(settings: object, limit: string): number {
  const value = (settings as unknown as Readonly<Record<string, unknown>>)[limit];
  return typeof value === "number" ? value : Infinity;
}

/** For the source that has most. */
function allowedNow(connector: ReceiveConnectorSettings, limit: string, openByOthers: number): number {
  return limit === "maxInboundConnectionPercentagePerSource"
    ? allowedByPercentage(
        connector.maxInboundConnectionPercentagePerSource,
        connector.maxInboundConnection,
        openByOthers,
      )
    : configuredValue(connector, limit);
}

function shownRow(relay: Relay, row: UsageRow, configured: number, allowed: number): ShownRow {
  return {
    limit: row.limit,
    configured: shownLimit(configured),
    allowed: shownLimit(allowed),
    inUse: row.inUse,
    highestLastHour: row.highestLastHour,
    highestLastDay: row.highestLastDay,
    refusedLastHour: row.refusedLastHour,
    refusedLastDay: row.refusedLastDay,
    topSources: row.topSources.map((top) => ({
      ...top,
      application: shownApplication(relay.settings, top.source),
    })),
  };
}
