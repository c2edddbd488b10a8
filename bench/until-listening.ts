import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Resolves when a server greets on the port; rejects after 20 s. */
export async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
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
    await delay(100);
  }
  throw new Error(`nothing greets on port ${port}`);
}
