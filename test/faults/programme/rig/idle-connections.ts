/** Connections that are opened and then only stand there. */
import { type Socket, connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface IdleConnections {
  /** That were greeted with 220, that were greeted otherwise, and that came to nothing. */
  greeted(): number;
  refused(): number;
  failed(): number;
  close(): void;
}

/** Opens `count`, each from one of many loopback addresses, some hundred at a time. */
export async function idleConnections(port: number, count: number): Promise<IdleConnections> {
  const sockets: Socket[] = [];
  let [greeted, refused, failed] = [0, 0, 0];
  for (let number = 0; number < count; number++) {
    const localAddress = `127.0.${1 + Math.floor(number / 200)}.${1 + (number % 200)}`;
    const socket = connect({ host: "127.0.0.1", port, localAddress });
    let heard = false;
    socket.once("data", (octets: Buffer) => {
      heard = true;
      if (octets.toString("latin1").startsWith("220")) greeted++;
      else refused++;
    });
    socket.on("error", () => undefined);
    socket.once("close", () => {
      if (!heard) failed++;
    });
    sockets.push(socket);
    if (number % 200 === 199) await delay(50);
  }
  await delay(1_000);
  return {
    greeted: () => greeted,
    refused: () => refused,
    failed: () => failed,
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
