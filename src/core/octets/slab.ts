/**
 * Small buffers that share larger ones. V8 keeps books on each ArrayBuffer: making and freeing one costs some 4 µs
 * and as much again on its collector's threads, a piece of a larger one a tenth of that.
 */
const slabBytes = 64 * 1024;
/** Larger ones stand alone: a slab lives as long as any piece of it. */
const largestPieceBytes = slabBytes / 8;

let slab = Buffer.alloc(0);

/** A buffer of `length` octets, whatever stood in them before. */
export function allocateOctets(length: number): Buffer {
  if (length > largestPieceBytes) return Buffer.allocUnsafeSlow(length);
  if (slab.length < length) slab = Buffer.allocUnsafeSlow(slabBytes);
  const piece = slab.subarray(0, length);
  slab = slab.subarray((length + 7) & ~7);
  return piece;
}

/** A copy of `octets` from `from` on. */
export function copyOctets(octets: Buffer, from = 0): Buffer {
  const copy = allocateOctets(octets.length - from);
  octets.copy(copy, 0, from);
  return copy;
}
