/** Where each metric's values come from. */
import type { CredentialEnd } from "../core/policy/credential-expiry.ts";
import type { BackPressure, PressureLevel } from "../core/policy/back-pressure.ts";
import { noConnectorName } from "../core/refusals/refusal.ts";
import type { Buckets } from "./buckets.ts";
import type { metricDefinitions, MetricName } from "./definitions.ts";
import type { EventCounts } from "./event-counts.ts";
import type { Metrics } from "./metrics.ts";

/** The relay, as far as its metrics look at it. */
export interface Live {
  readonly metrics: Metrics;
  readonly events: Omit<EventCounts, "heard">;
  readonly version: string;
  /** `Clock.now()`. */
  readonly now: number;
  /** Whether series for each source are wanted. */
  readonly bySource: boolean;
  readonly connectors: readonly {
    readonly name: string;
    readonly enabled: boolean;
    readonly maxInboundConnection: number;
  }[];
  /** Cost: per source with an open connection. */
  counts(): readonly { readonly connector: string; readonly source: string; readonly open: number }[];
  waiting(connector: string): number;
  /** Cost: per discredited address. */
  discredits(): readonly { readonly connector: string }[];
  readonly running: number;
  readonly queued: number;
  /** False: another node tells what the queue holds, which is one for all nodes; whoever adds them up counts it once. */
  readonly tellsQueue: boolean;
  /** Of a queue, or of all. */
  oldestSince(queue?: string): Promise<number | undefined>;
  /** Cost: per queue. Queues come from the configuration and from next hops, and with delivery by MX record from domains. */
  queues(): readonly {
    readonly queue: string;
    readonly identity: string;
    readonly connector: string | undefined;
    readonly deliveryType: string;
    readonly status: string;
    readonly messages: number;
  }[];
  readonly pressure: BackPressure;
  readonly credentials: readonly CredentialEnd[];
  readonly dkimKeys: readonly { readonly name: string; readonly state: string; readonly ok: boolean }[];
  readonly certificates: readonly { readonly file: string; readonly validTo: number }[];
  /** Those of the configuration. */
  readonly webhooks: readonly {
    readonly name: string;
    readonly waitingEvents: number;
    readonly lostEvents: number;
    readonly requests: Readonly<Record<string, number>>;
  }[];
}

/** A value and its labels. */
export type Sample = readonly [number, Readonly<Record<string, string>>?];

type Readings = {
  readonly [Name in MetricName]: (typeof metricDefinitions)[Name]["type"] extends "histogram"
    ? Buckets
    : () => Iterable<Sample> | Promise<Iterable<Sample>>;
};

/** Queues beyond these are summed up as `other`: their number must not follow the mail's domains. */
export const mostQueues = 200;
const otherQueues = "other";
/** Sources shown at most. */
const mostSources = 1_000;

const levels: Readonly<Record<PressureLevel, number>> = { Low: 0, Medium: 1, High: 2 };

export function readings(live: Live): Readings {
  const { metrics, events } = live;
  const { totals } = metrics;
  const by = (label: string, values: Readonly<Record<string, number>>): Sample[] =>
    Object.entries(values).map(([key, value]) => [value, { [label]: key }]);
  const age = (since: number | undefined): number =>
    since === undefined ? 0 : Math.max(0, (live.now - since) / 1000);
  const used = (resource: string): Sample[] =>
    live.pressure.resources.flatMap((one) => (one.resource === resource ? [[one.current / 100]] : []));

  return {
    weir_build_info: () => [[1, { version: live.version, node_version: process.versions.node }]],
    weir_connections_open: () => by("connector", openByConnector(live)),
    weir_connections_limit: () =>
      live.connectors
        .filter(({ enabled, maxInboundConnection }) => enabled && Number.isFinite(maxInboundConnection))
        .map(({ name, maxInboundConnection }) => [maxInboundConnection, { connector: name }]),
    weir_connections_waiting: () =>
      live.connectors.map(({ name }) => [live.waiting(name), { connector: name }]),
    weir_sources_discredited: () => {
      const discredits = live.discredits();
      return live.connectors.map(({ name }) => [
        discredits.filter(({ connector }) => connector === name).length,
        { connector: name },
      ]);
    },
    weir_connections_total: () => {
      const known = live.connectors.map(({ name }) => [name, 0] as const);
      return by("connector", Object.fromEntries([...known, ...metrics.connections()]));
    },
    weir_refusals_total: () =>
      metrics.refusals
        .totals()
        .map(({ connector, kind, limit, total }) => [total, { connector, kind, limit }]),
    weir_would_refuse_total: () =>
      metrics.wouldBeRefusals
        .totals()
        .map(({ connector, kind, limit, total }) => [total, { connector, kind, limit }]),
    weir_messages_received_total: () => by("door", totals.receivedBy),
    weir_messages_repeated_total: () => by("door", totals.repeatedBy),
    weir_received_bytes_total: () => [[totals.receivedBytes]],
    weir_time_to_250_seconds: metrics.timeTo250,
    weir_deliveries_running: () => [[live.running]],
    weir_messages_delivered_total: () => [[totals.delivered]],
    weir_delivered_bytes_total: () => [[totals.deliveredBytes]],
    weir_recipients_delivered_total: () => [[totals.deliveredRecipients]],
    weir_delivery_latency_seconds: metrics.deliveryLatency,
    weir_delivery_attempts_total: () => by("result", totals.attempts),
    weir_queue_retries_total: () => [[totals.queueRetries]],
    weir_dsn_total: () => by("kind", totals.reports),
    weir_tls_results_total: () =>
      Array.from(totals.tlsResults, ([key, value]): Sample => {
        const [policy = "", result = ""] = key.split(" ");
        return [value, { policy, result }];
      }),
    weir_messages_queued: () => (live.tellsQueue ? [[live.queued]] : []),
    weir_oldest_message_age_seconds: async () => (live.tellsQueue ? [[age(await live.oldestSince())]] : []),
    weir_queue_messages: () => (live.tellsQueue ? by("queue", messagesByQueue(live)) : []),
    weir_queue_oldest_message_age_seconds: () =>
      Promise.all(
        live
          .queues()
          .filter((queue) => live.tellsQueue && !isOfDomain(queue))
          .slice(0, mostQueues)
          .map(async ({ queue, identity }): Promise<Sample> => [
            age(await live.oldestSince(queue)),
            { queue: identity },
          ]),
      ),
    weir_queue_status: () => queuesByStatus(live),
    weir_spool_commit_seconds: metrics.commitTime,
    weir_spool_commit_writes: metrics.commitSize,
    weir_spool_faults_total: () => [[events.spoolFaults]],
    weir_messages_damaged_total: () => [[events.messagesDamaged]],
    weir_back_pressure_level: () => [[levels[live.pressure.level]]],
    weir_resource_pressure_level: () =>
      live.pressure.resources.map(({ resource, level }) => [levels[level], { resource }]),
    weir_disk_used_ratio: () => used("UsedDiskSpace"),
    weir_memory_used_ratio: () => used("PrivateBytes"),
    weir_event_loop_lag_seconds: metrics.eventLoopLag,
    weir_certificate_expiry_timestamp_seconds: () =>
      live.certificates.map(({ file, validTo }) => [validTo / 1000, { file }]),
    weir_send_credential_expiry_timestamp_seconds: () =>
      live.credentials.map(({ connector, credential, expiresAt }) => [
        expiresAt / 1000,
        { connector, credential },
      ]),
    weir_dkim_key_ok: () => live.dkimKeys.map(({ name, state, ok }) => [ok ? 1 : 0, { key: name, state }]),
    weir_webhook_requests_total: () =>
      live.webhooks.flatMap(({ name, requests }) =>
        Object.entries(requests).map(([result, count]): Sample => [count, { webhook: name, result }]),
      ),
    weir_webhook_events_waiting: () =>
      live.webhooks.map(({ name, waitingEvents }) => [waitingEvents, { webhook: name }]),
    weir_webhook_events_lost_total: () =>
      live.webhooks.map(({ name, lostEvents }) => [lostEvents, { webhook: name }]),
    weir_configuration_last_reload_successful: () => [[events.configurationRejected ? 0 : 1]],
    weir_configuration_last_reload_success_timestamp_seconds: () => [[events.configurationAppliedAt / 1000]],
    weir_events_total: () => by("severity", events.bySeverity),
    weir_source_connections_open: () =>
      live
        .counts()
        .slice(0, mostSources)
        .map(({ connector, source, open }) => [open, { connector, source }]),
    weir_source_recent_refusals: () =>
      metrics.refusals
        .recent(live.now)
        .slice(0, mostSources)
        .map(({ connector = noConnectorName, kind, limit = "", source, count }) => [
          count,
          { connector, kind, limit, source },
        ]),
  };
}

function openByConnector(live: Live): Readonly<Record<string, number>> {
  const open = new Map(live.connectors.map(({ name }) => [name, 0]));
  for (const { connector, open: more } of live.counts())
    open.set(connector, (open.get(connector) ?? 0) + more);
  return Object.fromEntries(open);
}

type LiveQueue = ReturnType<Live["queues"]>[number];

function isOfDomain({ deliveryType }: Pick<LiveQueue, "deliveryType">): boolean {
  return deliveryType === "DnsConnectorDelivery";
}

/** The domains of one connector are one series: their number follows the mail. */
const labelOf = (queue: LiveQueue): string =>
  isOfDomain(queue) ? `${queue.connector ?? ""};*` : queue.identity;

function messagesByQueue(live: Live): Readonly<Record<string, number>> {
  const counted = new Map<string, number>();
  for (const queue of live.queues()) {
    const label = labelOf(queue);
    const name = counted.has(label) || counted.size < mostQueues ? label : otherQueues;
    counted.set(name, (counted.get(name) ?? 0) + queue.messages);
  }
  return Object.fromEntries(counted);
}

/** 1 for a queue; for the domains of a connector how many are so. */
function queuesByStatus(live: Live): Sample[] {
  const counted = new Map<string, { count: number; readonly queue: string; readonly status: string }>();
  for (const queue of live.queues()) {
    const label = labelOf(queue);
    const key = `${label}\0${queue.status}`;
    const known = counted.get(key);
    if (known !== undefined) known.count++;
    else if (counted.size < mostQueues) counted.set(key, { count: 1, queue: label, status: queue.status });
  }
  return Array.from(counted.values(), ({ count, queue, status }) => [count, { queue, status }]);
}
