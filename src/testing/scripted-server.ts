/**
 * A peer that says exactly what the test's script says, octet by octet: for servers that do not keep to the
 * protocol. Well-behaved next hops are in recording-sink.ts.
 */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { ByteReader } from "./byte-reader.ts";

export interface ScriptedPeer {
  readonly socket: Socket;
  /** Number of the connection, from 1. */
  readonly connection: number;
  /** Writes as it stands; nothing is added. */
  send(text: string): void;
  /** The next line without CRLF. Rejects when the connection ends first. */
  line(): Promise<string>;
  /** So many lines. */
  lines(count: number): Promise<string[]>;
  octets(count: number): Promise<Buffer>;
  /** DATA content up to its final dot, unstuffed. */
  content(): Promise<Buffer>;
  /** Content by BDAT up to the last chunk, whose answer is the script's. `command`: the first, where it was read already. */
  chunks(command?: string): Promise<Buffer>;
  /** Greets, answers EHLO with these keywords, and comes back. */
  greet(...keywords: string[]): Promise<void>;
  /** Resolves when the client has closed. */
  whenClosed(): Promise<void>;
}

export interface ScriptedServer {
  readonly port: number;
  readonly connections: number;
  readonly open: number;
  close(): Promise<void>;
}

/** A script that ends leaves the connection open; one that rejects because the client left is fine. */
export async function startScriptedServer(
  script: (peer: ScriptedPeer) => Promise<void> | void,
): Promise<ScriptedServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const closed = new Promise<void>((resolve) => {
      socket.once("close", () => {
        sockets.delete(socket);
        resolve();
      });
    });
    socket.on("error", () => undefined);
    const reader = new ByteReader(socket);
    const need = async (octets: Promise<Buffer | undefined>): Promise<Buffer> => {
      const found = await octets;
      if (found === undefined) throw new Error("the client closed the connection");
      return found;
    };
    const line = async (): Promise<string> => (await need(reader.line())).toString("utf8");
    const peer: ScriptedPeer = {
      socket,
      connection: ++connections,
      send: (text) => void socket.write(text, "latin1"),
      line,
      async lines(count) {
        const found: string[] = [];
        for (let taken = 0; taken < count; taken++) found.push(await line());
        return found;
      },
      octets: (count) => need(reader.exactly(count)),
      content: () => need(reader.content()),
      async chunks(command) {
        const found: Buffer[] = [];
        for (let given = command ?? (await line()); ; given = await line()) {
          found.push(await peer.octets(Number(/^BDAT (\d+)/.exec(given)?.[1])));
          if (given.endsWith(" LAST")) return Buffer.concat(found);
          peer.send("250 a chunk\r\n");
        }
      },
      async greet(...keywords) {
        peer.send("220 scripted.test ESMTP\r\n");
        await line();
        peer.send(
          ["scripted.test", ...keywords]
            .map((word, at) => `250${at < keywords.length ? "-" : " "}${word}\r\n`)
            .join(""),
        );
      },
      whenClosed: () => closed,
    };
    void (async () => {
      try {
        await script(peer);
      } catch {
        socket.destroy();
      }
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
