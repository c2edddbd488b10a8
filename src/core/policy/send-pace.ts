/**
 * The pace of a rate in messages a minute: evenly, with a few at once after a pause, and never more than the rate within
 * any minute. Source of the method: GCRA (ITU-T I.371), which keeps one number: when the next one is due by the pace.
 */
export interface SendPace {
  readonly intervalMs: number;
  /** So many may leave at once after a pause. */
  readonly burst: number;
}

/** The provider's clock sees messages a little earlier or later than ours. */
const margin = 1.01;
const largestBurst = 10;

/** `messagesPerMinute`: from 1 on. What leaves at once is taken off the rest of its minute. */
export function paceOf(messagesPerMinute: number): SendPace {
  const burst = Math.min(largestBurst, 1 + Math.floor(messagesPerMinute / 20));
  return { intervalMs: (60_000 * margin) / (messagesPerMinute - burst + 1), burst };
}

/** `dueAt`: what `afterSending` gave. When the next message may leave. */
export function paceAllowsAt(dueAt: number, { intervalMs, burst }: SendPace): number {
  return dueAt - (burst - 1) * intervalMs;
}

export function afterSending(dueAt: number, now: number, { intervalMs }: SendPace): number {
  return Math.max(dueAt, now) + intervalMs;
}

/** Where nothing is known of what went before: one message at once, the rest by the pace. */
export function cautiousStart(now: number, { intervalMs, burst }: SendPace): number {
  return now + (burst - 1) * intervalMs;
}
