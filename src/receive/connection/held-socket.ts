/**
 * A socket that nobody serves yet: what it says is kept, and its end is heard. Without a reader neither the end of its
 * input nor, for a long time, its death would be noticed.
 */
import type { Socket } from "node:net";

/** Nothing has to be said before the greeting; what comes beyond this waits in the system's buffers. */
const maxKeptBytes = 16 * 1024;

export interface HeldSocket {
  /** Octets that came so far. */
  readonly keptBytes: number;
  /** Puts back what came, for the next reader, who resumes the socket. */
  letGo(): void;
}

/** `onLeft`: the client said all it will say, or is gone; called once at most, and not behind `letGo`. */
export function holdSocket(socket: Socket, onLeft: () => void): HeldSocket {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  const keep = (octets: Buffer): void => {
    kept.push(octets);
    keptBytes += octets.length;
    if (keptBytes > maxKeptBytes) socket.pause();
  };
  const forget = (): void => {
    socket.removeListener("data", keep);
    socket.removeListener("end", left);
    socket.removeListener("close", left);
  };
  const left = (): void => {
    forget();
    onLeft();
  };
  socket.on("data", keep);
  socket.on("end", left);
  socket.on("close", left);
  socket.resume();
  return {
    get keptBytes() {
      return keptBytes;
    },
    letGo() {
      forget();
      socket.pause();
      if (keptBytes > 0) socket.unshift(Buffer.concat(kept, keptBytes));
    },
  };
}
