/** Sends one question to one server and waits for its reply: over UDP, and over TCP when that is cut. */
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import type { NameServer } from "./name-server.ts";
import { readReply, type Query, type Reply } from "./query-packet.ts";

/** A reply, or why there is none, in words. Never rejects. */
export type Exchanged =
  | { readonly kind: "reply"; readonly packet: Reply }
  | { readonly kind: "silent" | "malformed"; readonly detail: string };

/** `signal`: ends the waiting; the question's time is the caller's. */
export type Exchange = (server: NameServer, query: Query, signal: AbortSignal) => Promise<Exchanged>;

/** Over UDP; over TCP when the reply says that it is cut (RFC 7766 §5). */
export const exchange: Exchange = async (server, query, signal) => {
  const first = await overUdp(server, query, signal);
  return first.kind === "reply" && first.packet.flag_tc ? overTcp(server, query, signal) : first;
};

/**
 * Each question has a socket of its own, so that its port is the system's random choice (RFC 5452 §9.2), and the socket is
 * connected, so that octets from elsewhere are not read. Replies to other questions are passed over.
 */
function overUdp(server: NameServer, query: Query, signal: AbortSignal): Promise<Exchanged> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(server.address) ? "udp6" : "udp4");
    const end = (outcome: Exchanged): void => {
      signal.removeEventListener("abort", onAbort);
      socket.removeAllListeners();
      socket.on("error", () => undefined);
      socket.close();
      resolve(outcome);
    };
    const onAbort = (): void => end(silent(server));
    if (signal.aborted) return end(silent(server));
    signal.addEventListener("abort", onAbort);
    socket.unref();
    socket.on("error", (error) => end(silent(server, error)));
    socket.on("message", (octets) => {
      const reply = readReply(octets, query);
      if (reply === "malformed") end(malformed(server));
      else if (reply !== "other") end({ kind: "reply", packet: reply });
    });
    socket.connect(server.port, server.address, () =>
      socket.send(query.octets, (error) => {
        if (error) end(silent(server, error));
      }),
    );
  });
}

function overTcp(server: NameServer, query: Query, signal: AbortSignal): Promise<Exchanged> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    const socket = connect({ host: server.address, port: server.port });
    const end = (outcome: Exchanged): void => {
      signal.removeEventListener("abort", onAbort);
      socket.removeAllListeners();
      socket.on("error", () => undefined);
      socket.destroy();
      resolve(outcome);
    };
    const onAbort = (): void => end(silent(server));
    if (signal.aborted) return end(silent(server));
    signal.addEventListener("abort", onAbort);
    socket.unref();
    socket.on("error", (error) => end(silent(server, error)));
    socket.on("close", () => end(malformed(server)));
    socket.on("connect", () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.octets.length);
      socket.write(Buffer.concat([length, query.octets]));
    });
    socket.on("data", (octets) => {
      received = Buffer.concat([received, octets]);
      if (received.length < 2) return;
      const length = received.readUInt16BE(0);
      if (received.length < 2 + length) return;
      const reply = readReply(received.subarray(2, 2 + length), query);
      end(reply === "other" || reply === "malformed" ? malformed(server) : { kind: "reply", packet: reply });
    });
  });
}

const shown = ({ address, port }: NameServer): string => (port === 53 ? address : `${address} port ${port}`);

const silent = (server: NameServer, error?: Error): Exchanged => ({
  kind: "silent",
  detail: `${shown(server)} ${error === undefined ? "did not answer" : `cannot be reached: ${error.message}`}`,
});
const malformed = (server: NameServer): Exchanged => ({
  kind: "malformed",
  detail: `${shown(server)} answered with octets that are no answer`,
});
