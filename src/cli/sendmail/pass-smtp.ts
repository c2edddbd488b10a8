/** `sendmail -bs`: standard input and output are a connection to the relay. */
import { connect } from "node:net";
import { Transform } from "node:stream";
import type { Endpoint } from "./conversation.ts";

/** Resolves when both sides have ended; with the reason when nobody takes the connection. */
export function passSmtp({ host, port }: Endpoint): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once("error", ({ message }) => resolve(message));
    socket.once("connect", () => {
      process.stdin.pipe(withCrlf()).pipe(socket);
      socket.pipe(process.stdout, { end: false });
    });
    socket.once("close", (hadError) => {
      process.stdin.destroy();
      if (!hadError) resolve(undefined);
    });
  });
}

const CR = 13;
const LF = 10;

/**
 * Programs of this machine write lines as files have them, which SMTP does not take. Where the first line ends in LF alone,
 * each does; else octets pass as they are.
 */
export function withCrlf(): Transform {
  let isLfOnly: boolean | undefined;
  let before = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (isLfOnly === undefined) {
        const at = chunk.indexOf(LF);
        if (at >= 0) isLfOnly = (at === 0 ? before : chunk[at - 1]) !== CR;
      }
      const last = before;
      before = chunk.at(-1) ?? before;
      done(null, isLfOnly === true ? linesEnded(chunk, last) : chunk);
    },
  });
}

/** `before`: the octet in front of the chunk. */
function linesEnded(chunk: Buffer, before: number): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
    if ((at === 0 ? before : chunk[at - 1]) === CR) continue;
    pieces.push(chunk.subarray(from, at), Buffer.from("\r\n"));
    from = at + 1;
  }
  pieces.push(chunk.subarray(from));
  return Buffer.concat(pieces);
}
