/**
 * When to try again, warn and give up. Durations are milliseconds. Source: Set-TransportService and "Message
 * retry, resubmit, and expiration intervals".
 */
export interface TransportSettings {
  readonly queueGlitchRetryCount: number;
  readonly queueGlitchRetryInterval: number;
  readonly transientFailureRetryCount: number;
  readonly transientFailureRetryInterval: number;
  readonly outboundConnectionFailureRetryInterval: number;
  readonly messageRetryInterval: number;
  readonly delayNotificationTimeout: number;
  readonly messageExpirationTimeout: number;
  readonly maxOutboundConnections: number;
  /** Fraction of each interval, 0..1, by which it is spread to either side. */
  readonly retryJitter: number;
}
