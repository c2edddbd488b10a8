/** What was counted, as Prometheus reads it. Everything is taken over at the scrape; nothing is done in between. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { Buckets } from "./buckets.ts";
import type { Metrics } from "./metrics.ts";

export interface Live {
  readonly metrics: Metrics;
  readonly sessions: number;
  readonly queued: number;
  /** Cost: per queue. Queues come from the configuration and from next hops. */
  queues(): readonly { readonly identity: string; readonly status: string; readonly messages: number }[];
}

export interface Exposition {
  readonly contentType: string;
  /** Rejects for bugs only. */
  text(): Promise<string>;
}

/** Series of more queues than these are summed up under `other`: their number must not follow the mail's domains. */
const mostQueues = 200;

export function createExposition(live: Live): Exposition {
  const registry = new Registry();
  const { metrics } = live;
  const { totals } = metrics;
  collectDefaultMetrics({ register: registry, prefix: "weir_" });

  const counter = (name: string, help: string, value: () => number): void => {
    const made: Counter = new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        made.reset();
        made.inc(value());
      },
    });
  };
  const labelled = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    values: () => Iterable<readonly [Record<Label, string>, number]>,
  ): void => {
    const made: Counter<Label> = new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        made.reset();
        for (const [labels, value] of values()) made.inc(labels, value);
      },
    });
  };
  const gauge = (name: string, help: string, value: () => number): void => {
    const made: Gauge = new Gauge({ name, help, registers: [registry], collect: () => made.set(value()) });
  };

  gauge("weir_connections_open", "SMTP sessions open now.", () => live.sessions);
  counter("weir_connections_total", "Connections that passed the door.", () => totals.connections);
  labelled(
    "weir_refusals_total",
    "Connections, messages and commands refused by a limit.",
    ["connector", "limit"],
    () =>
      metrics.refusals.totals().map(({ connector, limit, total }) => [{ connector, limit }, total] as const),
  );
  counter("weir_messages_received_total", "Messages answered with 250.", () => totals.received);
  counter("weir_received_bytes_total", "Content of the messages received.", () => totals.receivedBytes);
  counter("weir_messages_delivered_total", "Hand-overs to a next hop.", () => totals.delivered);
  counter("weir_delivered_bytes_total", "Content handed over to next hops.", () => totals.deliveredBytes);
  counter(
    "weir_recipients_delivered_total",
    "Recipients taken by a next hop.",
    () => totals.deliveredRecipients,
  );
  labelled("weir_delivery_attempts_total", "Attempts for a recipient by their end.", ["result"], () =>
    Object.entries(totals.attempts).map(([result, value]) => [{ result }, value] as const),
  );
  labelled("weir_dsn_total", "Delivery status notifications made.", ["kind"], () =>
    Object.entries(totals.reports).map(([kind, value]) => [{ kind }, value] as const),
  );
  gauge("weir_messages_queued", "Messages in the spool.", () => live.queued);
  const queues: Gauge<"queue" | "status"> = new Gauge({
    name: "weir_queue_messages",
    help: "Messages with a recipient in a queue.",
    labelNames: ["queue", "status"],
    registers: [registry],
    collect() {
      queues.reset();
      for (const [at, { identity, status, messages }] of live.queues().entries()) {
        if (at < mostQueues) queues.set({ queue: identity, status }, messages);
        else queues.inc({ queue: "other", status: "" }, messages);
      }
    },
  });

  const histograms = [
    histogram("weir_time_to_250_seconds", "From the end of a message to its 250.", metrics.timeTo250),
    histogram("weir_delivery_latency_seconds", "From arrival to hand-over.", metrics.deliveryLatency),
    histogram("weir_spool_commit_seconds", "Duration of a spool commit.", metrics.commitTime),
    histogram("weir_spool_commit_writes", "Writes in one spool commit.", metrics.commitSize),
  ];
  return {
    contentType: registry.contentType,
    text: async () => `${await registry.metrics()}\n${histograms.map((one) => one()).join("\n")}`,
  };
}

/** prom-client's own histograms cannot be set from counts. Format: Prometheus text 0.0.4. */
function histogram(name: string, help: string, buckets: Buckets): () => string {
  return () => {
    let below = 0;
    const lines = buckets.bounds.map((bound, at) => {
      below += buckets.counts[at] ?? 0;
      return `${name}_bucket{le="${bound}"} ${below}\n`;
    });
    return `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${lines.join("")}${name}_bucket{le="+Inf"} ${buckets.count}\n${name}_sum ${buckets.sum}\n${name}_count ${buckets.count}\n`;
  };
}
