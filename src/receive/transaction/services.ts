/** What a mail transaction needs from around it, whichever door it comes by. */
import type { PressureVerdict } from "../../core/policy/back-pressure.ts";
import type { RightsOwner, SessionRights } from "../../core/policy/client-rights.ts";
import type { Refused, ToldRefusal } from "../../core/refusals/refusal.ts";
import type { Events } from "../../events/events.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { Clock } from "../../ports/ports.ts";
import type { SpoolIntake, SpooledMessage } from "../../spool/spool.ts";
import type { Tracking } from "../../tracking/tracking.ts";
import type { Traffic } from "../../traffic/traffic.ts";
import type { RecipientDays } from "../admission/recipient-days.ts";
import type { Greylist } from "../admission/greylist.ts";
import type { Presence } from "../admission/rate-waiters.ts";
import type { Submitter } from "./submitter.ts";

export interface TransactionServices {
  readonly spool: SpoolIntake;
  readonly events: Events;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly tracking: Tracking;
  readonly traffic: Traffic;
  readonly greylist: Greylist;
  /**
   * What users and applications of the configuration are limited to; `given`: a key, whose rights go
   * before those, or a group of the user, between them.
   * One look-up where nobody is limited.
   */
  limitsOf(address: string, user: string | undefined, given?: RightsOwner): SessionRights;
  readonly recipientDays: RecipientDays;
  /**
   * What refuses one more message of this client (messageRateLimit), or undefined. A promise where the connector lets
   * it wait for its minute; who goes meanwhile spends nothing of it.
   */
  refuseMessage(submitter: Submitter, presence: Presence): Refused | undefined | Promise<Refused | undefined>;
  /** The application a client is of, empty for none; undefined: nobody named applications. Cost: once per log-on. */
  applicationOf(submitter: Submitter): string | undefined;
  /** No new mail is taken. One look-up. */
  isSuspended(): boolean;
  /** What a message meets while a resource runs short; undefined: all is well. One look-up. */
  pressure(): PressureVerdict | undefined;
  /** Tells a refusal, and gives the reply that says it. */
  refuse(submitter: Submitter, what: Refused): ToldRefusal;
  /** Tells what a limit would have refused that is only looked at. `isRefused`: it is refused by another one. */
  wouldRefuse(submitter: Submitter, what: Refused, isRefused: boolean): void;
  /** A message of it is kept. */
  messageTaken(submitter: Submitter, message: SpooledMessage): void;
}
