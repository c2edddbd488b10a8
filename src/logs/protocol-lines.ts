/** Texts of the protocol log that are not simply what went over the wire. Exchange: RECV log. */
import { formatTimeSpan } from "../core/units/duration.ts";

const dayMs = 86_400_000;

/** As the protocol log prints spans: `d.hh:mm:ss[.fff]`, the day always. */
export function formatLogSpan(ms: number): string {
  const span = formatTimeSpan(ms);
  return ms < dayMs && Number.isFinite(ms) ? `0.${span}` : span;
}

/** Data of the `*` line of a reply held back: `Tarpit for '0.00:00:05' due to '550 5.1.1 User unknown'`. */
export function tarpitLine(delayMs: number, reply: string): string {
  return `Tarpit for '${formatLogSpan(delayMs)}' due to '${reply}'`;
}

/** Why a delayed acknowledgement ended: every recipient's next hop took it, the delay ran out, or there was none. */
export type DelayedAckEnd = "Delivered" | "Expired" | "Skipped";

/** The `*` line of a delayed acknowledgement; `context` is its last field. */
export function delayedAckLine(
  delayMs: number,
  end: DelayedAckEnd,
): { readonly data: string; readonly context: DelayedAckEnd } {
  return { data: tarpitLine(delayMs, "DelayedAck"), context: end };
}
