/** A way to a server that can be cut, fall silent, and come back: what the browser sees of a relay that is gone. */
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "../../src/testing/free-port.ts";

export interface WayTo {
  readonly port: number;
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>;
  /** Connections stay and nothing goes through any more, as behind a firewall that drops. */
  silence(): void;
  /** To another server where `target` is given. */
  restore(target?: number): Promise<void>;
  close(): Promise<void>;
}

export async function openWayTo(first: number): Promise<WayTo> {
  let target = first;
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (data) => isSilent || upstream.write(data));
    upstream.on("data", (data) => isSilent || client.write(data));
  });
  const listen = (port: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        const address = server.address();
        resolve(address !== null && typeof address === "object" ? address.port : port);
      });
    });
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  // It is come back to.
  const port = await listen(await freePort());
  const cut = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    drop();
    await closed;
  };
  return {
    port,
    cut,
    silence() {
      isSilent = true;
    },
    async restore(other = target) {
      target = other;
      isSilent = false;
      drop();
      if (!server.listening) await listen(port);
    },
    async close() {
      if (server.listening) await cut();
    },
  };
}
