/**
 * The recipients one message has in one queue, as octets: frames one behind the other, so that what comes into the queue
 * later is put behind what stands there. A frame is its length and the crc32 of what follows (big-endian, 4 octets each),
 * then recipients as JSON. No octets: all recipients of the envelope as they came, due at arrival.
 */
import { crc32 } from "node:zlib";
import type { PlacedRecipient } from "../../spool/messages/recipients.ts";
import type { QueueName } from "../../spool/spool.ts";

const headBytes = 8;

export function encodeEntry(recipients: readonly PlacedRecipient[]): Buffer {
  const states = recipients.map((one) => {
    const { queue: _, ...state } = one;
    return state;
  });
  const json = Buffer.from(JSON.stringify(states));
  const frame = Buffer.allocUnsafe(headBytes + json.length);
  frame.writeUInt32BE(json.length, 0);
  frame.writeUInt32BE(crc32(json), 4);
  json.copy(frame, headBytes);
  return frame;
}

/** In the order of the envelope; or a word on what is damaged. */
export function decodeEntry(state: Buffer, queue: QueueName): PlacedRecipient[] | string {
  const all: PlacedRecipient[] = [];
  for (let at = 0; at < state.length;) {
    const bytes = at + headBytes <= state.length ? state.readUInt32BE(at) : Number.MAX_SAFE_INTEGER;
    const json = state.subarray(at + headBytes, at + headBytes + bytes);
    if (json.length !== bytes || state.readUInt32BE(at + 4) !== crc32(json))
      return "the state of its recipients does not match its checksum";
    for (const one of JSON.parse(json.toString()) as Omit<PlacedRecipient, "queue">[])
      all.push({ ...one, queue });
    at += headBytes + bytes;
  }
  return all.sort((a, b) => a.index - b.index);
}
