/** What a relay is to whoever holds one: the program, the admin API, an application that embeds it. */
import type { NodeView } from "./cluster/nodes/node-contract.ts";
import type { Settings } from "./config/settings.ts";
import type { BackPressure } from "./core/policy/back-pressure.ts";
import type { LookedUpKey } from "./core/dkim/judge-record.ts";
import type { ConnectorTest } from "./core/policy/connector-test/test-step.ts";
import type { Endpoint } from "./core/policy/receive-connector.ts";
import type { SendConnectorSettings } from "./core/policy/send-connector.ts";
import type { EventLog } from "./events/event-log.ts";
import type { EventStore } from "./events/store/event-store.ts";
import type { Exposition } from "./metrics/exposition.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { Overview } from "./metrics/overview.ts";
import type { Readiness } from "./metrics/readiness.ts";
import type { RightsOwner } from "./core/policy/client-rights.ts";
import type { Discredit } from "./receive/admission/discredits.ts";
import type { LedgerEntry } from "./receive/admission/ledger.ts";
import type { LimitUsage } from "./receive/admission/usage.ts";
import type { FailedListener, Listener } from "./receive/connection/listeners.ts";
import type { OpenConnection } from "./receive/open-connection.ts";
import type { CaptureBox } from "./capture/capture-box.ts";
import type { LegacyTlsClient } from "./receive/tls/legacy-clients.ts";
import type { Certificates } from "./receive/tls/certificates.ts";
import type { BudgetUsage } from "./send/budget/send-budgets.ts";
import type { WantedTest } from "./send/connector-test/test-context.ts";
import type { SenderInventory } from "./inventory/sender-inventory.ts";
import type { QueueSnapshot, Scheduler } from "./send/delivery/scheduler-contract.ts";
import type { FoundPolicy } from "./send/mta-sts/policies.ts";
import type { ListedReports, WantedReports } from "./send/tls-report/tls-reports.ts";
import type { NextHopResolution } from "./send/mx/resolve-next-hop.ts";
import type { Suspended } from "./receive/service-suspension.ts";
import type { SpoolSnapshot } from "./spool/snapshot/snapshot.ts";
import type { SpoolInspection } from "./spool/spool-inspection.ts";
import type { TrackingLog } from "./tracking/tracking.ts";
import type { Webhooks } from "./webhooks/webhooks.ts";
import type { TrafficRecord } from "./traffic/traffic-record.ts";

export interface Relay {
  /** Opens the listeners and begins to deliver. Rejects when no listener could be opened. */
  start(): Promise<void>;
  /** The endpoints listened on for SMTP, with the ports the system chose where 0 was configured. */
  listeners(): readonly Endpoint[];
  /** The same and those of HTTP, each with its endpoint as configured and the receive connectors it serves. */
  bindings(): readonly Listener[];
  /** Endpoints that enabled connectors want and that could not be opened, with the reason; tried again every 30 s, and by `reconfigure`. */
  failedListeners(): readonly FailedListener[];
  /**
   * Applies new settings without dropping a connection: new connections come in under them, open sessions keep
   * theirs; new listeners open, removed ones stop accepting. `hostname` and `dataDirectory` need a restart.
   */
  reconfigure(settings: Settings): Promise<void>;
  /** Calls back with each new configuration, and waits for it. Returns what ends it. */
  onReconfigured(listener: (settings: Settings) => Promise<void>): () => void;
  /**
   * Stops accepting, lets sessions and deliveries under way finish for up to `graceMs` (default 20 s), answers
   * 421 to the rest, and closes the spool. Idempotent.
   */
  stop(reason?: string, graceMs?: number): Promise<void>;
  /** What the relay tells; `subscribe` to hear it. */
  readonly events: EventLog;
  /** One of several nodes; undefined: it is the only one. */
  readonly node: NodeView | undefined;
  /** The events of the last days, on disk. */
  readonly eventStore: EventStore;
  /** What was used of each limit, by whom, and what would have been needed. */
  readonly usage: LimitUsage;
  /** What became of each message, on disk. */
  readonly tracking: Pick<TrackingLog, "enabled" | "track" | "search" | "export">;
  /** Who uses the relay, and what is remarkable about it. */
  readonly inventory: Pick<SenderInventory, "settled" | "parties" | "sinceMs" | "findings" | "judge">;
  /** Plays the recorded traffic under other settings, in a thread of its own. Rejects where it cannot be read. */
  replayTraffic: TrafficRecord["replay"];
  /** What use was made of the limits, by the record. */
  trafficUse: TrafficRecord["use"];
  /** Its record, for another node. */
  trafficRecord: Pick<TrafficRecord, "copy" | "receiveCopy">;
  /** What it counted since its start. */
  readonly metrics: Metrics;
  /** The same for Prometheus, with what it holds now. Loads its library when it is first asked for. */
  exposition(): Promise<Exposition>;
  /** Whether it takes mail now, and why not. */
  readiness(): Promise<Readiness>;
  /** That it answers tells that the event loop turns; how late it was is told too. */
  liveness(): { readonly live: true; readonly eventLoopLagMs: number };
  /** Where metrics and health are served. */
  monitoring(): readonly { readonly endpoint: Endpoint; readonly url: string }[];
  /** The certificates that are presented, and the door for others who present some. */
  readonly certificates: Pick<Certificates, "load" | "pairFor" | "onLoaded" | "inUse">;
  /** What is told to URLs, and how that goes. */
  readonly webhooks: Pick<Webhooks, "states" | "test">;
  /** The last ten minutes, second by second. */
  readonly overview: Pick<Overview, "points" | "follow">;
  /** Queues and what they wait for. */
  queues(): readonly QueueSnapshot[];
  /** What mailboxes and send connectors with a limit have used of it. */
  sendBudgets(): readonly BudgetUsage[];
  /** What DNS has of the keys of DKIM, by the daily look. */
  dkimKeys(): readonly LookedUpKey[];
  /** What receive connectors with `capture` took. */
  readonly captured: CaptureBox;
  /** Clients of TLS 1.0 and 1.1, the latest first. */
  legacyTlsClients(): readonly LegacyTlsClient[];
  /** Runs `work` with the spool as it is at one moment, for a backup. */
  snapshotSpool<Result>(work: (snapshot: SpoolSnapshot) => Promise<Result>): Promise<Result>;
  /** Resolves when what was logged so far is in its files, or could not be put there. */
  flushLogs(): Promise<void>;
  /** Tries a queue, or all, at once. Returns how many. */
  retryNow(queue?: string): number;
  /** Set while the service takes no new mail: since when, and by whom. Kept over restarts. */
  readonly suspension: Suspended | undefined;
  /**
   * Takes no new mail any more, whoever `by` is, or takes it again without one: connections and MAIL are answered 421,
   * what is under way ends, and what waits is delivered. Resolves with false when nothing changed; rejects when that
   * cannot be kept.
   */
  suspendService(by: string | undefined): Promise<boolean>;
  /** The relay's own test will connect from there: no event tells that no connector is for it. Returns what ends that. */
  expectProbe(source: Endpoint): () => void;
  /**
   * Opens a send connector's every address as delivery does and tells each step; sends a message where it is asked to. Never
   * rejects for anything that others do.
   */
  testSendConnector(connector: SendConnectorSettings, wanted: WantedTest): Promise<ConnectorTest>;
  /** Where mail of a domain would go now, and why; nothing is connected to. Never rejects. */
  resolveNextHop(domain: string, refresh: boolean): Promise<NextHopResolution>;
  /** The MTA-STS policy of a recipient domain, as delivery has it; `refresh`: fetched anew. Never rejects. */
  mtaStsPolicy(domain: string, refresh: boolean): Promise<FoundPolicy>;
  /** What TLS with mail hosts came to, by day and domain. Rejects when the disk cannot be read. */
  tlsReports(wanted: WantedReports, limit: number): Promise<ListedReports>;
  /** Suspends a queue or lets it go on, also after a restart. Resolves with false when nothing changed. */
  suspendQueue(queue: string, suspended: boolean): Promise<boolean>;
  /** Has all messages of a queue routed again. Resolves with how many. */
  resubmit(queue: string): Promise<number>;
  /** Messages that wait: seen without touching them, and what an administrator may do to each. */
  readonly messages: SpoolInspection &
    Pick<Scheduler, "suspendMessage" | "removeMessage" | "retryMessage" | "redirectMessage" | "pendingOn">;
  /** Open sessions. */
  readonly sessions: number;
  /** What each of them does now. Cost: per session. */
  connections(): readonly OpenConnection[];
  /** Open connections by connector and source, as the limits count them. */
  counts(): Promise<readonly LedgerEntry[]>;
  /** Addresses that hung up in a tarpit and wait for each reply now. */
  discredits(): readonly Discredit[];
  /** Wall clock, milliseconds; undefined: never, as far as it is known. */
  apiKeyLastUsed(name: string): number | undefined;
  /** Recipients of the last 24 hours, where recipientRateLimit counts them; else 0. */
  recipientsLastDay(owner: Pick<RightsOwner, "kind" | "name">): number;
  /** Connections that wait for a place (limitAction `delay`). */
  waiting(connector: string): number;
  /** How short the resources are, by the last look of at most two seconds ago. */
  pressure(): BackPressure;
  /** Messages in the spool. */
  readonly queued: number;
  readonly settings: Settings;
}
