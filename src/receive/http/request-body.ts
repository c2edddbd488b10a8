/**
 * The body of a request, taken piece by piece: nothing is read before it is asked for, and no faster than it is taken.
 * Who sends slower than the least rate is broken off: connections are for mail.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { refused, type Refused } from "../../core/refusals/refusal.ts";

/** What came is refused, in the middle of it. */
export class BodyRefused extends Error {
  override readonly name = "BodyRefused";
  readonly refusal: Refused;
  constructor(refusal: Refused) {
    super("the body is refused");
    this.refusal = refusal;
  }
}

/** Nobody is there to be answered. */
export class ClientLeft extends Error {
  override readonly name = "ClientLeft";
}

/** Before the least rate counts. Milliseconds. */
const patienceMs = 10_000;
const leastBytesPerMs = 0.5;

export class RequestBody {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #now: () => number;
  readonly #expectsContinue: boolean;
  #begun = false;
  #bytes = 0;
  /** How long this relay waited for the client so far. */
  #waitedMs = 0;
  #waitingSince: number | undefined;
  #break: ((refusal: Refused) => void) | undefined;
  #broken: Refused | undefined;
  #pieces: AsyncIterator<unknown> | undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
    now: () => number,
  ) {
    this.#request = request;
    this.#response = response;
    this.#expectsContinue = expectsContinue;
    this.#now = now;
  }

  /** The client waits to be told to go on, and was not. */
  get isHeldBack(): boolean {
    return this.#expectsContinue && !this.#begun;
  }

  /** To its end, by who asked for it. */
  get isRead(): boolean {
    return this.#request.readableEnded;
  }

  /** As the client declares it. */
  get declaredBytes(): number | undefined {
    const length = this.#request.headers["content-length"];
    return length === undefined ? undefined : Number(length);
  }

  isSlow(now: number): boolean {
    if (this.#waitingSince === undefined) return false;
    return this.#waitedMs + now - this.#waitingSince > patienceMs + this.#bytes / leastBytesPerMs;
  }

  /** Ends the reading with this. */
  breakOff(refusal: Refused): void {
    this.#broken ??= refusal;
    this.#break?.(this.#broken);
  }

  /** Once. Throws BodyRefused and ClientLeft. */
  async *pieces(): AsyncGenerator<Buffer> {
    if (this.isHeldBack) this.#response.writeContinue();
    this.#begun = true;
    const pieces = this.#request.iterator({ destroyOnReturn: false });
    this.#pieces = pieces;
    try {
      for (;;) {
        const next = await this.#next(pieces);
        if (next.done === true) break;
        const octets = next.value as Buffer;
        this.#bytes += octets.length;
        yield octets;
      }
    } finally {
      // What is left of it is read away behind the answer.
      if (!this.#request.complete) this.#request.pause();
    }
    if (!this.#request.complete) throw new ClientLeft();
  }

  /** Behind the answer: what is left of it is read away, lest the answer be lost or the next request stay unread. */
  async abandon(): Promise<void> {
    // A reader that is left alone would keep it from flowing.
    await this.#pieces?.return?.();
    this.#request.resume();
  }

  async #next(pieces: AsyncIterator<unknown>): Promise<IteratorResult<unknown>> {
    this.#waitingSince = this.#now();
    try {
      return await new Promise((resolve, reject) => {
        this.#break = (refusal) => reject(new BodyRefused(refusal));
        if (this.#broken !== undefined) this.#break(this.#broken);
        pieces.next().then(resolve, () => reject(new ClientLeft()));
      });
    } finally {
      this.#break = undefined;
      this.#waitedMs += this.#now() - this.#waitingSince;
      this.#waitingSince = undefined;
    }
  }
}

/** Memory for bodies that have to be there whole, shared by all connections. */
export interface BodyMemory {
  /** Takes so many octets more for a body that has `wholeBytes` then, or says no. Small bodies find room always. */
  take(octets: number, wholeBytes: number): boolean;
  giveBack(octets: number): void;
}

const smallBytes = 64 * 1024;

export function createBodyMemory(totalBytes: number): BodyMemory {
  let used = 0;
  return {
    take(octets, wholeBytes) {
      const others = used + octets - wholeBytes;
      // One large body at a time goes, whatever its size.
      if (wholeBytes > smallBytes && others > 0 && used + octets > totalBytes) return false;
      used += octets;
      return true;
    },
    giveBack(octets) {
      used -= octets;
    },
  };
}

/** The whole of it. Throws BodyRefused where it is larger than `maxBytes`, or memory is short, and what `pieces` throws. */
export async function readWhole(
  body: RequestBody,
  maxBytes: number,
  memory: BodyMemory,
  tooLarge: (seenBytes: number, isWhole: boolean) => Refused,
): Promise<Buffer> {
  const declared = body.declaredBytes;
  if (declared !== undefined && declared > maxBytes) throw new BodyRefused(tooLarge(declared, true));
  let taken = 0;
  const take = (octets: number): void => {
    if (octets <= taken) return;
    if (!memory.take(octets - taken, octets))
      throw new BodyRefused(
        refused("insufficientResources", {
          detail: "too many large requests at once; POST /v1/emails/raw is taken piece by piece",
        }),
      );
    taken = octets;
  };
  try {
    // As it comes: what a slow client announces keeps no other out.
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    for await (const piece of body.pieces()) {
      sizeBytes += piece.length;
      if (sizeBytes > maxBytes) throw new BodyRefused(tooLarge(sizeBytes, false));
      take(sizeBytes);
      pieces.push(piece);
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, sizeBytes);
  } finally {
    memory.giveBack(taken);
  }
}
