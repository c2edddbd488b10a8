/** What a session needs from around it. */
import type { SecureContext } from "node:tls";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { PressureVerdict } from "../../core/policy/back-pressure.ts";
import type { Reply } from "../../core/smtp/reply.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { SpoolIntake } from "../../spool/spool.ts";
import type { Tracking } from "../../tracking/tracking.ts";
import type { Presence } from "../admission/rate-waiters.ts";
import type { SessionState } from "./state.ts";

export interface SessionServices {
  readonly spool: SpoolIntake;
  readonly events: Events;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly tracking: Tracking;
  /** The greeting that answers a new connection. */
  greeting(connector: ReceiveConnectorSettings): Reply;
  /** Undefined: this connector cannot do TLS now. */
  tlsContext(connector: ReceiveConnectorSettings): SecureContext | undefined;
  /** True when the password is the user's. Takes the same time for an unknown user. Rejects when it cannot be told. */
  authenticate(user: string, password: string): Promise<boolean>;
  /** There is an account of this name. */
  isAccount(user: string): boolean;
  /**
   * The reply that refuses one more message of this session (messageRateLimit), or undefined. A promise where the
   * connector lets it wait for its minute; who goes meanwhile spends nothing of it.
   */
  refuseMessage(state: SessionState, presence: Presence): Reply | undefined | Promise<Reply | undefined>;
  /** What a MAIL command meets while a resource runs short; undefined: all is well. One look-up. */
  pressure(): PressureVerdict | undefined;
  /** Tells that back pressure refused a message, and gives the reply that says so. */
  refusedByPressure(state: SessionState, verdict: PressureVerdict): Reply;
  /** Tells that a limit of the session was reached, and gives the reply that says so. */
  limitReached(state: SessionState, reply: Reply, setting: string, configured: number): Reply;
  /** Each of its replies is held back. */
  isDiscredited(state: SessionState): boolean;
  /** It hung up while a refusal was held back. */
  leftInTarpit(state: SessionState): void;
  /** A message of it is kept. */
  messageTaken(state: SessionState): void;
  ended(state: SessionState): void;
}
