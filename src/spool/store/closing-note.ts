/**
 * What a store that is closed in good order writes down for the next start: which uses of the journal are over, so that
 * what stands there need not be read, and a note of its owner. It holds until something else is committed.
 */
import { nonceBytes } from "./journal-frame.ts";

export interface ClosingNote {
  /** Of each segment, in their order: all their frames are in LMDB. */
  readonly nonces: readonly Buffer[];
  /** Empty: none. */
  readonly note: Buffer;
}

export function encodeClosingNote({ nonces, note }: ClosingNote): Buffer {
  return Buffer.concat([Buffer.of(nonces.length), ...nonces, note]);
}

/** Undefined: it is of another form. */
export function decodeClosingNote(octets: Buffer): ClosingNote | undefined {
  const [count = 0] = octets;
  const notesAt = 1 + count * nonceBytes;
  if (octets.length < notesAt) return undefined;
  const nonces = Array.from({ length: count }, (_, index) =>
    octets.subarray(1 + index * nonceBytes, 1 + (index + 1) * nonceBytes),
  );
  return { nonces, note: octets.subarray(notesAt) };
}
