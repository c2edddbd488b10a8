/** A look at something outside that is repeated: one at a time, so that what each found is compared with what the one before did. */
import type { Clock } from "./ports.ts";
import { createInTurn } from "./in-turn.ts";

export interface RepeatedLook {
  /** Looks now, or as soon as the look under way has ended. Rejects as the look does. */
  now(): Promise<void>;
  /** No look begins by itself any more. Resolves when the one under way has ended; never rejects. Idempotent. */
  close(): Promise<void>;
}

/**
 * The first look is `everyMs` from now, each other one so long behind the end of the one before. One that rejects is followed
 * by the next: what is to be told of it, `look` tells. Keeps no process alive.
 */
export function repeatLook(
  clock: Pick<Clock, "after">,
  everyMs: number,
  look: () => Promise<unknown>,
): RepeatedLook {
  const inTurn = createInTurn();
  let closed = false;
  const plan = () => clock.after(everyMs, () => void inTurn(again));
  let timer = plan();

  const again = async (): Promise<void> => {
    if (closed) return;
    await look().catch(() => undefined);
    if (!closed) timer = plan();
  };

  return {
    now: () => inTurn(async () => void (await look())),
    close() {
      closed = true;
      timer.cancel();
      return inTurn(() => Promise.resolve());
    },
  };
}
