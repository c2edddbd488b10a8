/** The end of a run: what was delivered before comes again behind the last of what was not. */
import { setTimeout as delay } from "node:timers/promises";
import type { Tally } from "./tally.ts";

/** Longer than a relay of these runs waits before it tries again. */
const usualQuietMs = 2_500;

/** Resolves when nothing has arrived for `quietMs`, counted or not: only then it is known what came twice. At most a minute. */
export async function nothingMore(
  tally: Pick<Tally, "deliveries">,
  quietMs = usualQuietMs,
  mostMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + mostMs;
  let before = -1;
  let since = 0;
  for (let now = 0; now < deadline; await delay(Math.min(50, quietMs))) {
    now = performance.now();
    if (tally.deliveries() !== before) [before, since] = [tally.deliveries(), now];
    else if (now - since >= quietMs) return;
  }
}
