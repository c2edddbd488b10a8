/** What the scheduler takes and offers. */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Application } from "../../core/policy/application.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { TransportSettings } from "../../core/policy/retry-schedule.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { Events } from "../../events/events.ts";
import type { Clock, Random } from "../../ports/ports.ts";
import type { QueueName, Spool } from "../../spool/spool.ts";
import type { Tracking } from "../../tracking/tracking.ts";
import type { Carrier, HeldMail } from "./delivery.ts";
import type { QueueStatus, Relief } from "./delivery-queue.ts";
import type { SchedulerLimits } from "./limits.ts";

export interface SchedulerSettings {
  readonly hostname: string;
  readonly sendConnectors: readonly SendConnectorSettings[];
  /** For connectors that are for some applications only. */
  readonly applications?: readonly Application[];
  readonly transport: TransportSettings & {
    readonly externalPostmasterAddress: string;
    readonly dsnMaxMessageAttachSize: number;
  };
}

export interface SchedulerOptions {
  readonly spool: Spool;
  readonly settings: SchedulerSettings;
  readonly ports: { readonly clock: Clock; readonly random: Random };
  readonly events: Events;
  /** Counts deliveries; default: nobody reads them. */
  readonly metrics?: Metrics;
  /** Told what became of each recipient. */
  readonly tracking?: Tracking;
  /**
   * Makes the carrier of a connector; called once per connector and configuration change of it, where the connector has a
   * queue for each domain whenever one is opened (`domain`, else "").
   */
  readonly carrierFor: (connector: SendConnectorSettings, domain: string) => Carrier;
  /** Where captured mail goes; it takes no other. */
  readonly capture?: SendConnectorSettings | undefined;
  readonly limits?: Partial<SchedulerLimits>;
  /** Queues suspended by an earlier run. */
  readonly suspended?: Iterable<QueueName>;
  /** Keeps over a restart that another queue is suspended in the stead of one. */
  readonly onSuspensionCarried?: (from: QueueName, to: QueueName) => Promise<unknown>;
}

/** A queue as people see it (Exchange: Get-Queue). Times are `Clock.now()` milliseconds. */
export interface QueueSnapshot {
  /** Name in the spool; `""` for the submission queue. */
  readonly queue: QueueName;
  readonly identity: string;
  readonly deliveryType: string;
  readonly nextHop: string;
  readonly connector: string | undefined;
  readonly status: QueueStatus;
  /** Messages with a recipient in this queue, those under way included. */
  readonly messages: number;
  /** Messages being handed over. */
  readonly running: number;
  /** Messages waiting in memory. */
  readonly waiting: number;
  readonly retryCount: number;
  /** Why no message gets on. */
  readonly lastError: string | undefined;
  /** What its next hop said of the last recipient it put off, where nothing was handed over since: each has its own. */
  readonly putOff: string | undefined;
  /** What waits for the pace of a budget, in words: nothing is wrong. */
  readonly waitsForTurn: string | undefined;
  /** Mail that waits because of what its next hop said. */
  readonly holds: readonly HeldMail[];
  readonly firstRetryAt: number | undefined;
  readonly lastRetryAt: number | undefined;
  readonly nextRetryAt: number | undefined;
  /** When what waits for the pace of a budget has left; Infinity: in more than 30 days. */
  readonly emptyAt: number | undefined;
  /** Mail of it that goes by another connector, because it cannot be handed over here. */
  readonly fallback: Relief | undefined;
  /** Messages a second that were routed here, over the last minute. */
  readonly incomingRate: number;
  /** Messages a second that were handed over, over the last minute. */
  readonly outgoingRate: number;
  /** Outgoing less incoming: above zero the queue drains. */
  readonly velocity: number;
}

/**
 * What an administrator's wish for one message came to: `done`; `unchanged`, because it is so already; `pending`,
 * because an attempt is on the wire and the wish holds when that ends without success (not over a restart); `busy`
 * for a moment, with nothing done; `missing`, because the message has nothing in that queue; `passed`, because it, or
 * its queue, is suspended.
 */
export type Intervention = "done" | "unchanged" | "pending" | "busy" | "missing" | "passed";
export type PendingIntervention = "PendingSuspend" | "PendingRemove";

export interface Scheduler {
  /** Begins: hears of new mail and takes up what an earlier run left. */
  start(): void;
  /**
   * Applies a new configuration. Queues that routing no longer names, and the unreachable queue, are routed
   * again; attempts under way end under the old settings. Resolves when what stood in them has moved.
   */
  reconfigure(settings: SchedulerSettings): Promise<void>;
  /** Begins no attempt any more, lets those under way end for `graceMs`, then aborts them. Idempotent. */
  stop(graceMs: number): Promise<void>;
  /** Lets go of what waits in memory, for other nodes to take; what is on the wire ends here. */
  handOver(): void;
  /** Looks at every queue for what may be had by now. */
  look(): void;
  /**
   * Tries a queue (all without a name) at once, waiting messages included; the unreachable queue is routed
   * again. Returns how many queues that were (Exchange: Retry-Queue).
   */
  retryNow(queue?: QueueName): number;
  /**
   * Suspends a queue or lets it go on. A suspended one takes mail; attempts under way end. The submission queue
   * routes nothing while it is suspended; the unreachable queue is not routed again. Messages expire as ever.
   * Returns false when nothing changed (Exchange: Suspend-Queue, Resume-Queue).
   */
  suspend(queue: QueueName, suspended: boolean): boolean;
  /**
   * Has all messages of a queue that nobody holds and nobody suspended routed again. Resolves with how many
   * (Exchange: Retry-Queue -Resubmit). Cost: a write for each, some at a turn.
   */
  resubmit(queue: QueueName): Promise<number>;
  /**
   * Suspends what a message has in a queue, also over restarts, or lets it go on. Suspended ones expire as ever
   * (Exchange: Suspend-Message, Resume-Message). Cost: a write; a walk over what waits in memory.
   */
  suspendMessage(queue: QueueName, id: MessageId, suspended: boolean): Promise<Intervention>;
  /** Gives a message up in a queue, with a report to its sender or without (Exchange: Remove-Message). */
  removeMessage(queue: QueueName, id: MessageId, withNdr: boolean): Promise<Intervention>;
  /**
   * Tries what a message has in a queue at once, before all that waits there; a queue in Retry tries its next hop with
   * it. Routes it again where no connector took it. `unchanged`: it is on the wire. Cost: a read; where the queue's
   * memory is full, a write.
   */
  retryMessage(queue: QueueName, id: MessageId): Promise<Intervention>;
  /**
   * Moves what a message has in a queue to the queue of another send connector, where it delivers by MX record to those of the
   * recipients' domains, also over restarts: until that
   * connector's next hop changes, when it is routed as any (Exchange: Redirect-Message). Throws for a queue that is no
   * connector's. Cost: a write.
   */
  redirectMessage(
    queue: QueueName,
    id: MessageId,
    to: QueueName | SendConnectorSettings,
  ): Promise<Intervention>;
  /** What waits for the end of a message's attempt. */
  pendingOn(queue: QueueName, id: MessageId): PendingIntervention | undefined;
  /** Cost: per queue, not per message. */
  snapshot(): readonly QueueSnapshot[];
  /** Attempts under way. */
  readonly running: number;
}
