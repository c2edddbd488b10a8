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

/** Spreads an interval by `retryJitter` to either side; `random` is in [0, 1). */
function spread(intervalMs: number, { retryJitter }: TransportSettings, random: number): number {
  return Math.max(1, Math.round(intervalMs * (1 + retryJitter * (2 * random - 1))));
}

/**
 * How long a queue rests after its `failures`-th failed connection in a row (from 1 on): glitch retries, then
 * transient failure retries, then OutboundConnectionFailureRetryInterval for ever.
 */
export function queueRetryDelayMs(failures: number, settings: TransportSettings, random: number): number {
  return spread(ladderIntervalMs(failures, settings), settings, random);
}

function ladderIntervalMs(failures: number, settings: TransportSettings): number {
  if (failures <= settings.queueGlitchRetryCount) return settings.queueGlitchRetryInterval;
  if (failures <= settings.queueGlitchRetryCount + settings.transientFailureRetryCount) {
    return settings.transientFailureRetryInterval;
  }
  return settings.outboundConnectionFailureRetryInterval;
}

/** How long a message or recipient rests after a 4xx of its own (Exchange: MessageRetryInterval). */
export function messageRetryDelayMs(settings: TransportSettings, random: number): number {
  return spread(settings.messageRetryInterval, settings, random);
}

/**
 * After so many attempts in which the peer had the whole content and its answer was lost, a recipient is given up:
 * each may have been a delivery. Weir's own; docs/decisions/0021.
 */
export const mostUnconfirmedAttempts = 6;

/**
 * The pause after the `unconfirmed`-th of them (from 1 on): MessageRetryInterval doubled each time, so by default
 * 30 minutes, 1, 2, 4 and 8 hours.
 */
export function unconfirmedRetryDelayMs(
  unconfirmed: number,
  settings: TransportSettings,
  random: number,
): number {
  return spread(settings.messageRetryInterval * 2 ** unconfirmed, settings, random);
}

/** Mail is held back at the wish of a provider for so long at most before it is tried again. */
export const longestHoldMs = 3_600_000;

/** When a message that arrived at `arrivedAt` is given up. */
export function deadlineOf(arrivedAt: number, settings: TransportSettings): number {
  return arrivedAt + settings.messageExpirationTimeout;
}

export function isExpired(arrivedAt: number, now: number, settings: TransportSettings): boolean {
  return now >= deadlineOf(arrivedAt, settings);
}

/** True once a message has waited for DelayNotificationTimeout. */
export function isDelayReportDue(arrivedAt: number, now: number, settings: TransportSettings): boolean {
  return now >= arrivedAt + settings.delayNotificationTimeout;
}

/**
 * The latest due time an entry can rightly carry at `now`. A later one was written under a clock that has since
 * gone back, or under longer intervals, and is due at once: no retry comes later than twice the longest pause.
 */
export function latestPlausibleDueAt(now: number, settings: TransportSettings): number {
  const longestMs = Math.max(
    settings.messageRetryInterval * 2 ** (mostUnconfirmedAttempts - 1),
    longestHoldMs,
  );
  return now + 2 * longestMs;
}
