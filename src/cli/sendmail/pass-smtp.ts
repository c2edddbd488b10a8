/** `sendmail -bs`: standard input and output are a connection to the relay. */
import { connect } from "node:net";
import type { Endpoint } from "./conversation.ts";

/** Resolves when both sides have ended; with the reason when nobody takes the connection. */
export function passSmtp({ host, port }: Endpoint): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once("error", ({ message }) => resolve(message));
    socket.once("connect", () => {
      process.stdin.pipe(socket);
      socket.pipe(process.stdout, { end: false });
    });
    socket.once("close", (hadError) => {
      process.stdin.destroy();
      if (!hadError) resolve(undefined);
    });
  });
}
