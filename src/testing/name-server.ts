/** A DNS server on loopback that answers as a test says, also as no real server would. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { decode, encode, type Answer, type Packet } from "dns-packet";
import type { NameServer } from "../dns/name-server.ts";
import { freePort } from "./free-port.ts";

export interface Asked {
  readonly name: string;
  readonly type: string;
  readonly over: "udp" | "tcp";
}

/** What comes back: records, a whole packet's parts, octets as they are, several of these, or nothing at all. */
export type Scripted = readonly Answer[] | Partial<Packet> | Buffer | undefined;

export interface ScriptedNameServer {
  readonly server: NameServer;
  readonly asked: readonly Asked[];
  /** Called for each question; the last of several octets-or-packets is sent last. */
  answer: (asked: Asked, query: Packet) => Scripted | readonly Buffer[];
  close(): Promise<void>;
}

/** Response code of a packet's flags. */
export const rcode = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const;
/** The AD and TC bits. */
export const authenticData = 0x20;
export const truncated = 0x200;

/** `at`: left out a free port of 127.0.0.1. */
export async function openNameServer(
  answer: ScriptedNameServer["answer"] = () => [],
  at: { readonly address?: string; readonly port?: number } = {},
): Promise<ScriptedNameServer> {
  // One number for TCP and UDP.
  const { address = "127.0.0.1", port = await freePort() } = at;
  const asked: Asked[] = [];
  const repliesTo = (octets: Buffer, over: Asked["over"]): readonly Buffer[] => {
    const query = decode(octets);
    const [question] = query.questions ?? [];
    const one: Asked = { name: question?.name ?? "", type: question?.type ?? "", over };
    asked.push(one);
    const scripted = scriptedServer.answer(one, query);
    if (scripted === undefined) return [];
    if (Buffer.isBuffer(scripted)) return [scripted];
    if (Array.isArray(scripted) && Buffer.isBuffer(scripted[0])) return scripted as readonly Buffer[];
    const parts = Array.isArray(scripted) ? { answers: scripted as Answer[] } : (scripted as Partial<Packet>);
    return [replyTo(query, parts)];
  };

  const tcp = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      for (const reply of repliesTo(data.subarray(2), "tcp")) {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        // In two pieces, as the network may cut it.
        socket.write(Buffer.concat([length, reply.subarray(0, 5)]));
        setImmediate(() => socket.write(reply.subarray(5)));
      }
    });
  });
  tcp.listen(port, address);
  await once(tcp, "listening");
  const udp = createSocket("udp4");
  udp.on("message", (octets, from) => {
    for (const reply of repliesTo(octets, "udp")) udp.send(reply, from.port, from.address);
  });
  udp.bind(port, address);
  await once(udp, "listening");

  const scriptedServer: ScriptedNameServer = {
    server: { address, port, trusted: true },
    asked,
    answer,
    async close() {
      udp.close();
      tcp.close();
      await Promise.resolve();
    },
  };
  return scriptedServer;
}

/** A reply to `query` with these parts in place of the usual ones. */
export function replyTo(query: Packet, parts: Partial<Packet>): Buffer {
  return encode({
    type: "response",
    id: query.id,
    flags: 0x180,
    questions: query.questions,
    ...parts,
  });
}
