/** What the parts of delivery share. Each fact that changes has one writer, named beside it. */
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { Places } from "../../core/turnover/places.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Claim, QueueName, Spool } from "../../spool/spool.ts";
import type { Tracking } from "../../tracking/tracking.ts";
import type { ReportWriter } from "../dsn/report-writer.ts";
import type { Routing } from "../routing/routing.ts";
import type { UnroutedBacklog } from "./backlog.ts";
import type { DecisionContext } from "./decisions.ts";
import type { DeliveryQueues } from "./delivery-queues.ts";
import type { SchedulerLimits } from "./limits.ts";
import type { SchedulerSettings } from "./scheduler-contract.ts";

export interface DeliveryState {
  readonly spool: Spool;
  readonly events: Events;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tracking: Tracking;
  readonly limits: SchedulerLimits;
  /** Where captured mail goes. */
  readonly capture: SendConnectorSettings | undefined;
  /** reconfiguration.ts. */
  settings: SchedulerSettings;
  /** reconfiguration.ts. */
  routing: Routing;
  /** reconfiguration.ts. */
  reports: ReportWriter;
  /** reconfiguration.ts opens and closes; what is in a queue: delivery-queue.ts. */
  readonly queues: DeliveryQueues;
  /** What stands in the submission queue on disk: backlog.ts. */
  readonly unrouted: UnroutedBacklog;
  /** By an administrator, any queue: queue-interventions.ts. */
  readonly suspended: Set<QueueName>;
  /** Claims whose attempt goes on: attempts.ts. */
  readonly underWay: Places<Claim>;
  /** Claims that ended because others hold their entries, as long as anything here refers to them: scheduler.ts. */
  readonly lost: WeakSet<Claim>;
  /** scheduler.ts. */
  phase: "new" | "running" | "stopping";
  /** scheduler.ts. */
  startedAt: number;
}

/** What decisions are made by, at this moment. */
export function decisionContext({ clock, settings, random }: DeliveryState): DecisionContext {
  return { now: clock.now(), transport: settings.transport, random };
}
