/**
 * The bench's own sink, for what smtp-sink cannot do: listen at many addresses, and let answers wait for less than a second, as
 * those of a distant next hop do. It takes whatever comes.
 */
import { once } from "node:events";
import { type Server, type Socket, createServer } from "node:net";

export interface OwnSink {
  /** Messages taken so far. */
  readonly received: number;
  /** Resolves when it has taken so many more than now. */
  more(messages: number): Promise<void>;
  /** Ends connections too. */
  stop(): void;
}

const endOfData = Buffer.from("\r\n.\r\n");

/** Answers to pipelined commands wait together, as over a long line. */
export async function startOwnSink(options: {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly delayMs: number;
}): Promise<OwnSink> {
  const { addresses, port, delayMs } = options;
  const sockets = new Set<Socket>();
  const waiting = new Set<{ readonly at: number; readonly reached: () => void }>();
  let count = 0;

  const took = (): void => {
    count++;
    for (const one of waiting) {
      if (count < one.at) continue;
      waiting.delete(one);
      one.reached();
    }
  };

  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    const answer = (text: string): void => {
      if (socket.writable) socket.write(text);
    };
    // RFC 5321 §4.1.1.10: who was told good-bye waits for the end of the connection.
    let isOver = false;
    const say = (text: string): void => {
      answer(text);
      if (isOver) socket.end();
    };
    const later = (text: string): void => {
      if (delayMs === 0) say(text);
      else setTimeout(() => say(text), delayMs);
    };
    let rest: Buffer = Buffer.alloc(0);
    let inData = false;
    later("220 sink.test ESMTP\r\n");
    socket.on("data", (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let answers = "";
      for (;;) {
        if (inData) {
          const end = rest.indexOf(endOfData);
          if (end < 0) {
            rest = rest.subarray(Math.max(0, rest.length - endOfData.length + 1));
            break;
          }
          rest = rest.subarray(end + endOfData.length);
          inData = false;
          answers += "250 2.0.0 Ok\r\n";
          took();
          continue;
        }
        const end = rest.indexOf("\r\n");
        if (end < 0) break;
        const verb = rest.toString("latin1", 0, 4).toUpperCase();
        rest = rest.subarray(end + 2);
        if (verb === "DATA") {
          inData = true;
          answers += "354 End with <CRLF>.<CRLF>\r\n";
        } else if (verb === "EHLO") answers += "250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n";
        else if (verb === "QUIT") {
          answers += "221 2.0.0 Bye\r\n";
          isOver = true;
        } else answers += "250 2.0.0 Ok\r\n";
      }
      if (answers !== "") later(answers);
    });
  };

  const servers: Server[] = [];
  const stop = (): void => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  };
  try {
    for (const address of addresses) {
      const server = createServer(serve);
      servers.push(server);
      server.listen(port, address, 1024);
      await once(server, "listening");
    }
  } catch (error) {
    stop();
    throw error;
  }
  return {
    get received() {
      return count;
    },
    more: (messages) => new Promise((reached) => waiting.add({ at: count + messages, reached })),
    stop,
  };
}
