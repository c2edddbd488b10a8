/** Whether a client begins with TLS: one port takes both, and says which it wants. */
import type { Socket } from "node:net";

/** RFC 8446 §5.1: a record of the handshake. */
const handshakeRecord = 22;

/** Calls back when the first octet is there; it and what followed are put back, for the next reader, who resumes the socket. */
export function onFirstOctet(socket: Socket, then: (isTls: boolean) => void): void {
  const forget = (): void => {
    socket.removeListener("data", look);
    socket.removeListener("end", gone);
  };
  const look = (octets: Buffer): void => {
    forget();
    socket.pause();
    socket.unshift(octets);
    then(octets[0] === handshakeRecord);
  };
  const gone = (): void => {
    forget();
    socket.destroy();
  };
  socket.on("data", look);
  socket.on("end", gone);
  socket.resume();
}
