import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Resolves when a server greets on the port; rejects after `timeoutMs`, or when it is known to have ended. */
export async function untilListening(
  port: number,
  timeoutMs = 20_000,
  hasEnded: () => boolean = () => false,
): Promise<void> {
  const since = performance.now();
  while (performance.now() - since < timeoutMs) {
    const greeted = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port });
      const end = (answer: boolean): void => {
        socket.destroy();
        resolve(answer);
      };
      socket.once("data", () => end(true));
      socket.once("error", () => end(false));
      socket.setTimeout(1000, () => end(false));
    });
    if (greeted) return;
    if (hasEnded()) throw new Error("the server ended before it greeted");
    await delay(5);
  }
  throw new Error(`nothing greets on port ${port}`);
}
