/**
 * What the relay counts while it works. Plain numbers in memory, since its start; whoever shows them reads them
 * (exposition.ts, overview.ts). Nothing here is kept by source, so that what is kept stays small.
 */
import type { ReportKind } from "../core/dsn/report-input.ts";
import type { Door } from "../core/policy/door.ts";
import type { ReportedPolicy, TlsFault } from "../core/tls-policy/tls-result.ts";
import type { Refusal } from "../core/refusals/refusal.ts";
import { createBuckets, type Buckets } from "./buckets.ts";
import { createRecentFailures, type FailedDelivery, type RecentFailures } from "./recent-failures.ts";
import { createRecentRefusals, otherConnectors, type RecentRefusals } from "./recent-refusals.ts";

export type AttemptResult = "delivered" | "deferred" | "failed";

/** Each call costs a few additions, allocates nothing, and never throws. */
export interface Metrics {
  /** A connection passed the door. Costs two look-ups. */
  connected(connector: string): void;
  /** A connection, a message, a command was refused. `source`: the ledger's key. Costs two look-ups. */
  refused(refusal: Refusal, source: string, nowMs: number): void;
  /** It would have been, by a limit that is only looked at. */
  wouldRefuse(refusal: Refusal, source: string, nowMs: number): void;
  /** A message was acknowledged `elapsedMs` after the end of its content. */
  received(door: Door, sizeBytes: number, elapsedMs: number): void;
  /** A message came again and was answered as before. */
  repeated(door: Door): void;
  /** A next hop took a message for `recipients` recipients, `latencyMs` after it had arrived. */
  delivered(recipients: number, sizeBytes: number, latencyMs: number): void;
  /** A next hop was spoken to on a recipient, and put it off. */
  deferred(): void;
  /** A recipient is given up. `source` undefined: of a report of ours, which is no application's mail. */
  failed(
    failed: Omit<FailedDelivery, "source"> & { readonly source: string | undefined },
    nowMs: number,
  ): void;
  reported(kind: ReportKind): void;
  /** The next hop of a queue could not be used; all of the queue waits. */
  queueRested(): void;
  /** A connection stood so to a policy for TLS; undefined: it was kept to. */
  tlsResult(policy: ReportedPolicy, fault: TlsFault | undefined): void;
  /** The event loop was so late within a second. */
  lagged(ms: number): void;
  /** The spool wrote a group. */
  committed(writes: number, elapsedMs: number): void;
  readonly totals: Totals;
  /** Connections let in, by connector; of connectors that were renamed too. */
  connections(): Iterable<readonly [string, number]>;
  readonly refusals: RecentRefusals;
  /** What limits would have refused that are only looked at. */
  readonly wouldBeRefusals: RecentRefusals;
  readonly failures: RecentFailures;
  /** Seconds. */
  readonly timeTo250: Buckets;
  readonly deliveryLatency: Buckets;
  readonly commitTime: Buckets;
  readonly eventLoopLag: Buckets;
  /** Writes in one commit. */
  readonly commitSize: Buckets;
  /** Times to 250 since they were last taken, in ms, unsorted; at most 2,048 of them. */
  takeTimesTo250(): Float64Array;
}

/** Since the start. */
export interface Totals {
  readonly connections: number;
  readonly refused: number;
  readonly received: number;
  readonly receivedBy: Readonly<Record<Door, number>>;
  readonly receivedBytes: number;
  readonly repeatedBy: Readonly<Record<Door, number>>;
  readonly delivered: number;
  readonly deliveredRecipients: number;
  readonly deliveredBytes: number;
  readonly attempts: Readonly<Record<AttemptResult, number>>;
  readonly reports: Readonly<Record<ReportKind, number>>;
  readonly queueRetries: number;
  /** By `policy result`; only those that were met. */
  readonly tlsResults: ReadonlyMap<string, number>;
}

const mostTimes = 2_048;
/** Connectors come from the configuration; this bounds what renaming them again and again leaves behind. */
const mostConnectors = 1_000;

export function createMetrics(): Metrics {
  const attempts = { delivered: 0, deferred: 0, failed: 0 };
  const reports = { delayed: 0, failed: 0, delivered: 0, relayed: 0 };
  const tlsResults = new Map<string, number>();
  const receivedBy = { SMTP: 0, HTTP: 0, PICKUP: 0 };
  const repeatedBy = { SMTP: 0, HTTP: 0, PICKUP: 0 };
  const totals = {
    connections: 0,
    refused: 0,
    received: 0,
    receivedBy,
    receivedBytes: 0,
    repeatedBy,
    delivered: 0,
    deliveredRecipients: 0,
    deliveredBytes: 0,
    attempts,
    reports,
    queueRetries: 0,
    tlsResults,
  };
  const refusals = createRecentRefusals();
  const wouldBeRefusals = createRecentRefusals();
  const failures = createRecentFailures();
  const timeTo250 = createBuckets([
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
  ]);
  const deliveryLatency = createBuckets([
    0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400,
  ]);
  const commitTime = createBuckets([0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]);
  const eventLoopLag = createBuckets([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]);
  const commitSize = createBuckets([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
  const byConnector = new Map<string, number>();
  const times = new Float64Array(mostTimes);
  let timesTaken = 0;

  return {
    totals,
    refusals,
    wouldBeRefusals,
    failures,
    timeTo250,
    deliveryLatency,
    commitTime,
    eventLoopLag,
    commitSize,
    connections: () => byConnector,
    connected(connector) {
      totals.connections++;
      const known = byConnector.has(connector) || byConnector.size < mostConnectors;
      const name = known ? connector : otherConnectors;
      byConnector.set(name, (byConnector.get(name) ?? 0) + 1);
    },
    refused(refusal, source, nowMs) {
      totals.refused++;
      refusals.add(refusal, source, nowMs);
    },
    wouldRefuse: (refusal, source, nowMs) => wouldBeRefusals.add(refusal, source, nowMs),
    received(door, sizeBytes, elapsedMs) {
      totals.received++;
      receivedBy[door]++;
      totals.receivedBytes += sizeBytes;
      timeTo250.observe(elapsedMs / 1000);
      // Of a very busy second the last ones count.
      times[timesTaken++ % mostTimes] = elapsedMs;
    },
    repeated: (door) => void repeatedBy[door]++,
    delivered(recipients, sizeBytes, latencyMs) {
      totals.delivered++;
      totals.deliveredRecipients += recipients;
      totals.deliveredBytes += sizeBytes;
      attempts.delivered += recipients;
      deliveryLatency.observe(latencyMs / 1000);
    },
    deferred() {
      attempts.deferred++;
    },
    failed(failed, nowMs) {
      attempts.failed++;
      if (failed.source !== undefined) failures.add({ ...failed, source: failed.source }, nowMs);
    },
    reported(kind) {
      reports[kind]++;
    },
    queueRested() {
      totals.queueRetries++;
    },
    tlsResult(policy, fault) {
      const key = `${policy} ${fault ?? "success"}`;
      tlsResults.set(key, (tlsResults.get(key) ?? 0) + 1);
    },
    lagged: (ms) => eventLoopLag.observe(ms / 1000),
    committed(writes, elapsedMs) {
      commitTime.observe(elapsedMs / 1000);
      commitSize.observe(writes);
    },
    takeTimesTo250() {
      const taken = times.slice(0, Math.min(timesTaken, mostTimes));
      timesTaken = 0;
      return taken;
    },
  };
}
