/** One question as octets, and whether octets are a reply to it. */
import { randomInt } from "node:crypto";
import { DNSSEC_OK, RECURSION_DESIRED, AUTHENTIC_DATA, decode, encode, type DecodedPacket } from "dns-packet";
import { answeredName } from "./domain-name.ts";
import type { RecordType } from "../ports/lookup.ts";

/** Largest UDP reply asked for: what passes without fragments (DNS flag day 2020). */
const udpPayloadBytes = 1232;

/** As decoded; the library's types leave the response code out, and the library the upper part of it (RFC 6891 §6.1.3). */
export type Reply = DecodedPacket & { readonly rcode: string };

export interface Query {
  readonly name: string;
  /** DNSKEY is asked for to see whether a server checks signatures. */
  readonly type: RecordType | "DNSKEY";
  /** With EDNS (RFC 6891): signatures, larger replies. */
  readonly isExtended: boolean;
  readonly id: number;
  readonly octets: Buffer;
}

/** `name`: as `queryName` gives it. The id comes from the system's random source (RFC 5452 §9.2). */
export function createQuery(name: string, type: Query["type"], isExtended = true): Query {
  const id = randomInt(0x1_0000);
  const octets = encode({
    type: "query",
    id,
    flags: RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ name, type, class: "IN" }],
    additionals: isExtended
      ? [
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
        ]
      : [],
  });
  return { name, type, isExtended, id, octets };
}

/**
 * `"other"`: not a reply to this question, whoever sent it: the right one may still come. `"malformed"`: its id is ours and
 * the rest cannot be read.
 */
export function readReply(octets: Buffer, query: Query): Reply | "other" | "malformed" {
  if (octets.length < 12 || octets.readUInt16BE(0) !== query.id) return "other";
  if (!holdsWhatItCounts(octets)) return "malformed";
  let packet: Reply;
  try {
    packet = withWholeCode(decode(octets) as Reply, octets);
    // A text without its end is no fault to the library: it has no number for where it is then.
    if (!(decode.bytes <= octets.length)) return "malformed";
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

/** RFC 1035 §4.1.2, §4.1.3: the root's name, and what follows it. */
const leastQuestion = 5;
const leastRecord = 11;

/**
 * As many questions and records as the header says find room in the octets. The library goes by the counts, and some records do
 * not bring it forward: 76 octets that speak of 99,000 would keep it for a second.
 */
function holdsWhatItCounts(octets: Buffer): boolean {
  const records = octets.readUInt16BE(6) + octets.readUInt16BE(8) + octets.readUInt16BE(10);
  return octets.readUInt16BE(4) * leastQuestion + records * leastRecord <= octets.length - 12;
}

/** Eight more bits of the response code stand in the OPT record: without them BADVERS would be read as NOERROR. */
function withWholeCode(packet: Reply, octets: Buffer): Reply {
  const option = packet.additionals?.find((one) => one.type === "OPT");
  const upper = option?.type === "OPT" ? option.extendedRcode : 0;
  if (upper === 0) return packet;
  const code = (upper << 4) | (octets.readUInt8(3) & 0x0f);
  return { ...packet, rcode: extendedCodes[code] ?? `RCODE ${code}` };
}

const extendedCodes: Readonly<Record<number, string>> = { 16: "BADVERS", 23: "BADCOOKIE" };

/** What servers say that do not know EDNS, or another version of it (RFC 6891 §6.1.3, §7): they are asked again without. */
export function knowsNoExtension({ isExtended }: Query, { rcode }: Reply): boolean {
  return isExtended && (rcode === "FORMERR" || rcode === "NOTIMP" || rcode === "BADVERS");
}
