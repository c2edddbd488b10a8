/** What a session needs from around it. */
import type { SecureContext } from "node:tls";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { PressureVerdict } from "../../core/policy/back-pressure.ts";
import type { SilentKind } from "../../core/refusals/catalogue.ts";
import type { Refusal, Refused, RefusedFacts, ToldRefusal } from "../../core/refusals/refusal.ts";
import type { GrantingReply } from "../../core/smtp/reply.ts";
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
  greeting(connector: ReceiveConnectorSettings): GrantingReply;
  /** Undefined: this connector cannot do TLS now. */
  tlsContext(connector: ReceiveConnectorSettings): SecureContext | undefined;
  /** True when the password is the user's. Takes the same time for an unknown user. Rejects when it cannot be told. */
  authenticate(user: string, password: string): Promise<boolean>;
  /** There is an account of this name. */
  isAccount(user: string): boolean;
  /**
   * What refuses one more message of this session (messageRateLimit), or undefined. A promise where the connector lets
   * it wait for its minute; who goes meanwhile spends nothing of it.
   */
  refuseMessage(state: SessionState, presence: Presence): Refused | undefined | Promise<Refused | undefined>;
  /** No new mail is taken. One look-up. */
  isSuspended(): boolean;
  /** What a MAIL command meets while a resource runs short; undefined: all is well. One look-up. */
  pressure(): PressureVerdict | undefined;
  /** Tells a refusal, and gives the reply that says it. */
  refuse(state: SessionState, what: Refused): ToldRefusal;
  /** Gives the reply that says what only follows from an earlier refusal; nothing is told anew. */
  refuseAgain(state: SessionState, what: Refused, earlier: Refusal): ToldRefusal;
  /** Tells a refusal that no reply can say. */
  tellRefusal(state: SessionState, kind: SilentKind, facts?: RefusedFacts): void;
  /** Each of its replies is held back. */
  isDiscredited(state: SessionState): boolean;
  /** It hung up while a refusal was held back. */
  leftInTarpit(state: SessionState): void;
  /** A message of it is kept. */
  messageTaken(state: SessionState): void;
  ended(state: SessionState): void;
}
