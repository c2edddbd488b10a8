/** Refuses a connection. It stands outside all limits by then, so whatever it does, it is gone soon. */
import type { Socket } from "node:net";
import type { ToldRefusal } from "../../core/refusals/refusal.ts";
import { encodeReply } from "../../core/smtp/reply.ts";
import type { Clock } from "../../ports/ports.ts";

/** How long a refused client may take to read its reply, whatever it sends meanwhile. */
const turnAwayMs = 2_000;

/** `reply` stands in place of the greeting. */
export function turnAway(socket: Socket, reply: ToldRefusal, clock: Clock): void {
  const timer = clock.after(turnAwayMs, () => socket.destroy());
  socket.once("close", () => timer.cancel());
  socket.resume();
  socket.end(encodeReply(reply, true));
}
