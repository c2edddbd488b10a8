/** Waits for a captured message that somebody asked for: until it comes, the time is over, or nobody waits any more. */
import type { Clock } from "../../ports/ports.ts";
import type { Administered } from "../administered.ts";

type Box = Administered["relay"]["captured"];
export type Captured = NonNullable<Awaited<ReturnType<Box["find"]>>>;

export interface AwaitedMessage {
  /** Resolves in any case. */
  readonly ended: Promise<void>;
  cancel(): void;
}

export function awaitCaptured(
  box: Pick<Box, "onKept">,
  fits: (message: Captured) => boolean,
  around: { readonly waitMs: number; readonly clock: Pick<Clock, "after">; readonly signal: AbortSignal },
): AwaitedMessage {
  let cancel = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    const { waitMs, clock, signal } = around;
    cancel = (): void => {
      leave();
      timer.cancel();
      signal.removeEventListener("abort", cancel);
      resolve();
    };
    const leave = box.onKept((message) => {
      if (fits(message)) cancel();
    });
    const timer = clock.after(waitMs, () => cancel());
    signal.addEventListener("abort", cancel);
    if (signal.aborted) cancel();
  });
  return { ended, cancel: () => cancel() };
}
