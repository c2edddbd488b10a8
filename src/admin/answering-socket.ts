/** Whether a relay runs already: somebody answers on the socket. */
import { connect } from "node:net";
import { findSocket } from "./socket-path.ts";

/** The socket of a data directory if a relay answers on it. Never rejects. */
export async function answeringSocket(dataDirectory: string): Promise<string | undefined> {
  const path = findSocket(dataDirectory);
  return (await answers(path)) ? path : undefined;
}

/** Somebody answers there. Never rejects. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
