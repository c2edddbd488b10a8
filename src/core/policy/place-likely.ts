/** When a connection limit is likely to let one more in, for clients that are told when to come again. */

/** Before any connection has ended, nobody knows. Milliseconds. */
const unknownMs = 5_000;

/**
 * Milliseconds. `open`: connections that hold the places; `meanMs`: how long such ones last, undefined while none has ended.
 * Of n that last so long each, one ends in an nth of that. Never longer than `connectionTimeoutMs`, which ends all.
 */
export function placeLikelyInMs(
  open: number,
  meanMs: number | undefined,
  connectionTimeoutMs: number,
): number {
  const likely = meanMs === undefined ? unknownMs : meanMs / Math.max(1, open);
  return Math.min(likely, connectionTimeoutMs);
}
