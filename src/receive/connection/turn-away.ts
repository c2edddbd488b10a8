/** Refuses a connection. It stands outside all limits by then, so whatever it does, it is gone soon. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ToldRefusal } from "../../core/refusals/refusal.ts";
import { encodeReply } from "../../core/smtp/reply.ts";
import type { Clock } from "../../ports/ports.ts";
import { serverTlsOptions, type ServerContexts } from "../tls/server-contexts.ts";

/** How long a refused client may take to read its reply, whatever it sends meanwhile. */
const turnAwayMs = 2_000;

/** `reply` stands in place of the greeting; `tls`: behind the handshake that the client begins with. */
export function turnAway(
  socket: Socket,
  reply: ToldRefusal,
  clock: Clock,
  tls: ServerContexts | undefined,
): void {
  const timer = clock.after(turnAwayMs, () => socket.destroy());
  socket.once("close", () => timer.cancel());
  if (tls === undefined) return say(socket, reply);
  const secure = new TLSSocket(socket, serverTlsOptions(tls));
  secure.on("error", () => socket.destroy());
  secure.once("secure", () => say(secure, reply));
}

function say(socket: Socket, reply: ToldRefusal): void {
  socket.resume();
  socket.end(encodeReply(reply, true));
}
