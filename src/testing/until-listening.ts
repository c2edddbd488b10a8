import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Resolves when something listens on a port of 127.0.0.1; rejects when nothing does after `timeoutMs` (30 s). */
export async function untilListening(port: number, timeoutMs = 30_000): Promise<void> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    if (performance.now() > until) throw new Error(`nobody listens on ${port}`);
    await delay(20);
  }
}
