/** Which captured messages have to go: too many, too much, too old. */
export interface CaptureBounds {
  readonly maxMessages: number;
  readonly maxSizeBytes: number;
  readonly maxAgeMs: number;
}

interface Bounded {
  readonly message: { readonly capturedAt: number; readonly sizeBytes: number };
}

/** The oldest first; the newest stays whatever its size. `messages`: oldest first. */
export function surplus<Kept extends Bounded>(
  messages: Iterable<Kept>,
  count: number,
  sizeBytes: number,
  { maxMessages, maxSizeBytes, maxAgeMs }: CaptureBounds,
  now: number,
): Kept[] {
  const gone: Kept[] = [];
  let [left, leftBytes] = [count, sizeBytes];
  for (const kept of messages) {
    const { capturedAt, sizeBytes: own } = kept.message;
    const isOld = now - capturedAt > maxAgeMs;
    if (!isOld && left <= maxMessages && (leftBytes <= maxSizeBytes || left === 1)) break;
    gone.push(kept);
    left--;
    leftBytes -= own;
  }
  return gone;
}
