/** Values of a call in the form that the server needs not parse, as arguments of a function-call.ts. */
import { keptText } from "./kept-text.ts";

/** `null`, octets as the type's binary form has them, or octets in pieces, which are put one behind the other. */
export type BinaryValue = Buffer | null | { readonly pieces: readonly Buffer[]; readonly bytes: number };

const oids = { bigint: 20, text: 25, float8: 701 } as const;
const arrayHeadBytes = 20;
const two32 = 2 ** 32;

export function intValue(value: number): Buffer {
  const octets = Buffer.allocUnsafe(4);
  octets.writeInt32BE(value, 0);
  return octets;
}

/** Whole, up to 2^53. */
export function bigintValue(value: number): Buffer {
  const octets = Buffer.allocUnsafe(8);
  writeBigint(octets, value, 0);
  return octets;
}

export function booleanValue(value: boolean): Buffer {
  return Buffer.from([value ? 1 : 0]);
}

/** Null where there are none. */
export function float8Array(values: readonly number[]): Buffer | null {
  return numbers("float8", values, (octets, value, at) => octets.writeDoubleBE(value, at));
}

/** Null where there are none. Whole numbers up to 2^53. */
export function bigintArray(values: readonly number[]): Buffer | null {
  return numbers("bigint", values, writeBigint);
}

/** Null where there are none. */
export function textArray(given: readonly string[]): Buffer | null {
  if (given.length === 0) return null;
  const values = given.map(keptText);
  let bytes = arrayHeadBytes;
  for (const value of values) bytes += 4 + Buffer.byteLength(value);
  const octets = arrayHead("text", values.length, bytes);
  let at = arrayHeadBytes;
  for (const value of values) {
    const written = octets.write(value, at + 4);
    octets.writeInt32BE(written, at);
    at += 4 + written;
  }
  return octets;
}

function numbers(
  type: keyof typeof oids,
  values: readonly number[],
  write: (octets: Buffer, value: number, at: number) => void,
): Buffer | null {
  if (values.length === 0) return null;
  const octets = arrayHead(type, values.length, arrayHeadBytes + 12 * values.length);
  let at = arrayHeadBytes;
  for (const value of values) {
    octets.writeInt32BE(8, at);
    write(octets, value, at + 4);
    at += 12;
  }
  return octets;
}

function writeBigint(octets: Buffer, value: number, at: number): void {
  octets.writeInt32BE(Math.floor(value / two32), at);
  octets.writeUInt32BE(((value % two32) + two32) % two32, at + 4);
}

/** One dimension from 1 on, without nulls. */
function arrayHead(type: keyof typeof oids, count: number, bytes: number): Buffer {
  const octets = Buffer.allocUnsafe(bytes);
  octets.writeInt32BE(1, 0);
  octets.writeInt32BE(0, 4);
  octets.writeInt32BE(oids[type], 8);
  octets.writeInt32BE(count, 12);
  octets.writeInt32BE(1, 16);
  return octets;
}
