/** One question as octets, and whether octets are a reply to it. */
import { randomInt } from "node:crypto";
import { DNSSEC_OK, RECURSION_DESIRED, AUTHENTIC_DATA, decode, encode, type DecodedPacket } from "dns-packet";
import { answeredName } from "./domain-name.ts";
import type { RecordType } from "../ports/lookup.ts";

/** Largest UDP reply asked for: what passes without fragments (DNS flag day 2020). */
const udpPayloadBytes = 1232;

/** As decoded; the library's types leave the response code out. */
export type Reply = DecodedPacket & { readonly rcode: string };

export interface Query {
  readonly name: string;
  /** DNSKEY is asked for to see whether a server checks signatures. */
  readonly type: RecordType | "DNSKEY";
  readonly id: number;
  readonly octets: Buffer;
}

/** `name`: as `queryName` gives it. The id comes from the system's random source (RFC 5452 §9.2). */
export function createQuery(name: string, type: Query["type"]): Query {
  const id = randomInt(0x1_0000);
  const octets = encode({
    type: "query",
    id,
    flags: RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ name, type, class: "IN" }],
    additionals: [
      {
        type: "OPT",
        name: ".",
        udpPayloadSize: udpPayloadBytes,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: DNSSEC_OK,
        flag_do: true,
        options: [],
      },
    ],
  });
  return { name, type, id, octets };
}

/**
 * `"other"`: not a reply to this question, whoever sent it: the right one may still come. `"malformed"`: its id is ours and
 * the rest cannot be read.
 */
export function readReply(octets: Buffer, query: Query): Reply | "other" | "malformed" {
  if (octets.length < 12 || octets.readUInt16BE(0) !== query.id) return "other";
  let packet: Reply;
  try {
    packet = decode(octets) as Reply;
  } catch {
    return "malformed";
  }
  if (packet.type !== "response") return "other";
  const [question, second] = packet.questions ?? [];
  // A server that cannot read the question may leave it out of its error.
  if (question === undefined) return packet.rcode === "NOERROR" ? "malformed" : packet;
  const isOurs = question.type === query.type && answeredName(question.name) === query.name;
  return isOurs && second === undefined ? packet : "other";
}
