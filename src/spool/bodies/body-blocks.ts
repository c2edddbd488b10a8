/**
 * The memory that large bodies pass through, used again and again. V8 answers large buffers that come and go with
 * full collections: one for every 20 to 30 messages of 1 MB.
 */
export const bodyBlockBytes = 64 * 1024;
const mostFree = 256;

export interface BodyBlocks {
  /** A block of `bodyBlockBytes`, whatever stood in it before. */
  take(): Buffer;
  /** Takes a block back, or a view from its beginning, that nothing reads or writes any more. */
  give(octets: Buffer): void;
}

/** Keeps up to 16 MiB for the next bodies. */
export function bodyBlocks(): BodyBlocks {
  const free: Buffer[] = [];
  return {
    take: () => free.pop() ?? Buffer.allocUnsafeSlow(bodyBlockBytes),
    give(octets) {
      if (free.length < mostFree) free.push(Buffer.from(octets.buffer as ArrayBuffer, 0, bodyBlockBytes));
    },
  };
}

/**
 * A body that is in memory still. Its blocks are used again only when everybody who has read it has given it
 * back; otherwise, as after a broken connection, they are left to the garbage collector.
 */
export class KeptBody {
  readonly #chunks: readonly Buffer[];
  readonly #blocks: BodyBlocks;
  #readers = 0;

  constructor(chunks: readonly Buffer[], blocks: BodyBlocks) {
    this.#chunks = chunks;
    this.#blocks = blocks;
  }

  stream(): AsyncGenerator<Buffer, void, undefined> {
    this.#readers++;
    return inTurn(this.#chunks);
  }

  /** One of those who asked for a stream does not look at it any more. */
  giveBack(): void {
    this.#readers--;
  }

  /** The last call: nobody asks for it again. */
  end(): void {
    if (this.#readers === 0) for (const chunk of this.#chunks) this.#blocks.give(chunk);
  }
}

async function* inTurn(chunks: readonly Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  yield* chunks;
}
