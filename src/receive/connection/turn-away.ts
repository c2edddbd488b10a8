import type { Socket } from "node:net";
import { encodeReply, type Reply } from "../../core/smtp/reply.ts";

/** How long a refused client may take to read its reply. */
const turnAwayMs = 2_000;

/** Refuses a connection: `reply` stands in place of the greeting. */
export function turnAway(socket: Socket, reply: Reply): void {
  socket.setTimeout(turnAwayMs, () => socket.destroy());
  socket.resume();
  socket.end(encodeReply(reply, true));
}
