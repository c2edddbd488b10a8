import type { Clock } from "./ports.ts";

/** Waits for the work, but no longer than that; it goes on then. Rejects as the work does in time. */
export async function atMost(clock: Clock, patienceMs: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<Clock["after"]> | undefined;
  const late = new Promise<void>((resolve) => (timer = clock.after(patienceMs, resolve)));
  try {
    await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}
