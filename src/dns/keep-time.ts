/** For how long an answer is kept, from the times that came with it. */

/** So that a record with a TTL of 0 is not asked for a thousand times in a second. */
const leastMs = 5_000;
const mostMs = 86_400_000;
/** A denial is believed for no longer: a new domain's first mails come soon after it was made. */
const mostDeniedMs = 300_000;
/** A denial that says no time (RFC 2308 §5 forbids keeping it; a busy relay must not ask for each message). */
const unsaidDeniedMs = 5_000;

/** Of what nobody knows. */
export const keepUnknownMs = 10_000;

/** The least of `ttls` (seconds), within bounds; an alias and its target are no older than either. */
export function keepMsOf(ttls: readonly number[], what: "found" | "denied" = "found"): number {
  if (ttls.length === 0) return unsaidDeniedMs;
  const told = Math.min(...ttls) * 1000;
  return Math.min(Math.max(told, leastMs), what === "found" ? mostMs : mostDeniedMs);
}
