/**
 * Memory that a thread which signs shares with who gives it texts: places that are filled, signed and read in one order, so that a text
 * and its signature cross without being made into a message. Filled and read by one side, signed by the other; nobody waits here.
 */

/** In a ring; a power of two. */
export const places = 32;
/** Of a text that has room: a header of the usual size. What is longer goes beside. */
const textBytes = 4096;
/** Of a signature that has room: RSA-4096. */
const signatureBytes = 512;
const placeBytes = textBytes + signatureBytes;
const words = 3;
/** The number of texts given, wrapping as `Int32Array` does. The thread waits for it to change. */
const givenWord = 0;
const firstPlaceWord = 1;
const headBytes = (firstPlaceWord + places * words) * Int32Array.BYTES_PER_ELEMENT;
/** In place of a length: it goes by a message. */
const beside = -1;

export interface SigningRing {
  readonly memory: SharedArrayBuffer;
  /** Texts given so far. */
  given(): number;
  /** The next place has a text of key `key`; false: its text is too long and goes beside. Told by `tell`. */
  fill(at: number, text: string, key: number): boolean;
  /** `count` texts are given: wakes the thread if it sleeps. */
  tell(count: number): void;
  /** Sleeps until more are given than `seen`. */
  wait(seen: number): void;
  keyAt(at: number): number;
  /** Undefined: beside. Memory of the ring. */
  textAt(at: number): Buffer | undefined;
  /** False: too long, goes beside. */
  sign(at: number, signature: Buffer | undefined): boolean;
  /** Base64; undefined: beside. */
  signatureAt(at: number): string | undefined;
}

export function createSigningRing(
  memory: SharedArrayBuffer = new SharedArrayBuffer(headBytes + places * placeBytes),
): SigningRing {
  const head = new Int32Array(memory, 0, headBytes / Int32Array.BYTES_PER_ELEMENT);
  const octets = Buffer.from(memory, headBytes);
  const wordOf = (at: number): number => firstPlaceWord + (at & (places - 1)) * words;
  const octetOf = (at: number): number => (at & (places - 1)) * placeBytes;
  return {
    memory,
    given: () => Atomics.load(head, givenWord),
    fill(at, text, key) {
      const word = wordOf(at);
      const hasRoom = text.length <= textBytes;
      if (hasRoom) octets.write(text, octetOf(at), "latin1");
      head[word] = key;
      head[word + 1] = hasRoom ? text.length : beside;
      return hasRoom;
    },
    tell(count) {
      Atomics.store(head, givenWord, count);
      Atomics.notify(head, givenWord);
    },
    wait: (seen) => void Atomics.wait(head, givenWord, seen),
    keyAt: (at) => head[wordOf(at)]!,
    textAt(at) {
      const length = head[wordOf(at) + 1]!;
      const from = octetOf(at);
      return length === beside ? undefined : octets.subarray(from, from + length);
    },
    sign(at, signature) {
      const hasRoom = signature !== undefined && signature.length <= signatureBytes;
      if (hasRoom) octets.set(signature, octetOf(at) + textBytes);
      head[wordOf(at) + 2] = hasRoom ? signature.length : beside;
      return hasRoom;
    },
    signatureAt(at) {
      const length = head[wordOf(at) + 2]!;
      const from = octetOf(at) + textBytes;
      return length === beside ? undefined : octets.toString("base64", from, from + length);
    },
  };
}
