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

/** Ends once, by an outcome or by the caller's patience; `close` lets go of the socket then. */
function once(
  server: NameServer,
  signal: AbortSignal,
  open: (end: (outcome: Exchanged) => void) => { readonly close: () => void },
): Promise<Exchanged> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(silent(server));
    const onAbort = (): void => end(silent(server));
    const end = (outcome: Exchanged): void => {
      signal.removeEventListener("abort", onAbort);
      opened.close();
      resolve(outcome);
    };
    const opened = open(end);
    signal.addEventListener("abort", onAbort);
  });
}

/**
 * Each question has a socket of its own, so that its port is the system's random choice (RFC 5452 §9.2), and the socket is
 * connected, so that octets from elsewhere are not read. Replies to other questions are passed over.
 */
function overUdp(server: NameServer, query: Query, signal: AbortSignal): Promise<Exchanged> {
  return once(server, signal, (end) => {
    const socket = createSocket(isIPv6(server.address) ? "udp6" : "udp4");
    socket.unref();
    socket.on("error", (error) => end(silent(server, error)));
    socket.on("message", (octets) => {
      const reply = readReply(octets, query);
      if (reply === "malformed") end(malformed(server));
      else if (reply !== "other") end({ kind: "reply", packet: reply });
    });
    const sent = (error: Error | null | undefined): void => {
      if (error) end(silent(server, error));
    };
    // Node gives the callback the fault, which its types leave out: there is no way there, as without a network.
    const connected = (fault?: Error): void => {
      if (fault === undefined) socket.send(query.octets, sent);
      else end(silent(server, fault));
    };
    socket.connect(server.port, server.address, connected);
    return {
      close() {
        socket.removeAllListeners();
        socket.on("error", () => undefined);
        socket.close();
      },
    };
  });
}

function overTcp(server: NameServer, query: Query, signal: AbortSignal): Promise<Exchanged> {
  return once(server, signal, (end) => {
    let received = Buffer.alloc(0);
    const socket = connect({ host: server.address, port: server.port });
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
      // Nothing is cut here (RFC 2181 §9): what is missing must not be taken for denied.
      const isWhole = reply !== "other" && reply !== "malformed" && !reply.flag_tc;
      end(isWhole ? { kind: "reply", packet: reply } : malformed(server));
    });
    return {
      close() {
        socket.removeAllListeners();
        socket.on("error", () => undefined);
        socket.destroy();
      },
    };
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
