/** Octets that are kept together as they come. Cost: in all, what they are copied twice for; none for a single piece. */
export interface HeldOctets {
  /** Those of now. Not to be kept over `add`. */
  readonly octets: Buffer;
  add(piece: Buffer): void;
}

export function createHeldOctets(): HeldOctets {
  let room: Buffer = Buffer.alloc(0);
  let length = 0;
  return {
    get octets() {
      return room.subarray(0, length);
    },
    add(piece) {
      if (length === 0) {
        // It is nobody else's, and what follows goes into another.
        room = piece;
        length = piece.length;
        return;
      }
      if (length + piece.length > room.length) {
        const larger = Buffer.allocUnsafe(Math.max(2 * room.length, length + piece.length));
        room.copy(larger, 0, 0, length);
        room = larger;
      }
      piece.copy(room, length);
      length += piece.length;
    },
  };
}
