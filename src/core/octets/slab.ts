/**
 * Small buffers that share larger ones. V8 keeps books on each ArrayBuffer: making and freeing one costs some 4 µs
 * and as much again on its collector's threads, a piece of a larger one a tenth of that.
 *
 * A slab lives as long as any piece of it: what is kept while mail waits stands in others than what is over in a moment,
 * or a message that waits would keep the copies of ten that are gone.
 */
const slabBytes = 64 * 1024;
/** Larger ones stand alone. */
const largestPieceBytes = slabBytes / 8;

function createSlabs(): (length: number) => Buffer {
  let slab = Buffer.alloc(0);
  return (length) => {
    if (length > largestPieceBytes) return Buffer.allocUnsafeSlow(length);
    if (slab.length < length) slab = Buffer.allocUnsafeSlow(slabBytes);
    const piece = slab.subarray(0, length);
    slab = slab.subarray((length + 7) & ~7);
    return piece;
  };
}

/** A buffer of `length` octets, whatever stood in them before; for what may be kept. */
export const allocateOctets = createSlabs();

const allocateBriefly = createSlabs();

/** A copy of `octets` from `from` on, which is over soon. */
export function copyOctets(octets: Buffer, from = 0): Buffer {
  const copy = allocateBriefly(octets.length - from);
  octets.copy(copy, 0, from);
  return copy;
}
