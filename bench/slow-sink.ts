/** A sink that lets every answer wait, as a distant next hop does. smtp-sink's own delays are whole seconds. */
import { once } from "node:events";
import { type Socket, createServer } from "node:net";
import type { RunningSink } from "./running-sink.ts";

/** Answers to pipelined commands wait together, as over a long line. Ends connections when stopped. */
export async function startSlowSink(options: {
  readonly port: number;
  readonly messages: number;
  readonly delayMs: number;
}): Promise<RunningSink> {
  let done: () => void = () => undefined;
  const drained = new Promise<void>((resolve) => (done = resolve));
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    const later = (text: string): void => {
      setTimeout(() => {
        if (socket.writable) socket.write(text);
      }, options.delayMs);
    };
    let rest = "";
    let inData = false;
    later("220 slow.test ESMTP\r\n");
    socket.on("data", (chunk) => {
      rest += chunk.toString("latin1");
      let answers = "";
      for (;;) {
        if (inData) {
          const end = rest.indexOf("\r\n.\r\n");
          if (end < 0) break;
          rest = rest.slice(end + 5);
          inData = false;
          answers += "250 2.0.0 Ok\r\n";
          if (++count === options.messages) done();
          continue;
        }
        const end = rest.indexOf("\r\n");
        if (end < 0) break;
        const verb = rest.slice(0, 4).toUpperCase();
        rest = rest.slice(end + 2);
        if (verb === "DATA") {
          inData = true;
          answers += "354 End with <CRLF>.<CRLF>\r\n";
        } else if (verb === "EHLO") answers += "250-slow.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n";
        else if (verb === "QUIT") answers += "221 2.0.0 Bye\r\n";
        else answers += "250 2.0.0 Ok\r\n";
      }
      if (answers !== "") later(answers);
    });
  });
  server.listen(options.port, "127.0.0.1");
  await once(server, "listening");
  return {
    drained,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
