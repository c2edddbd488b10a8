/** A session as its verbs see it. */
import type { Chunk, Conversation, LineHandler } from "./conversation.ts";
import type { SessionParts } from "./parts.ts";
import type { SessionServices } from "./services.ts";
import type { SessionState } from "./state.ts";
import type { SessionTranscript } from "./transcript.ts";

export class SessionConversation implements Conversation {
  readonly state: SessionState;
  readonly services: SessionServices;
  readonly transcript: SessionTranscript | undefined;
  readonly #parts: SessionParts;
  /** Who waits, on behalf of a verb. */
  #onGone: (() => void) | undefined;

  constructor(parts: SessionParts) {
    this.state = parts.state;
    this.services = parts.services;
    this.transcript = parts.transcript;
    this.#parts = parts;
  }

  get isGone(): boolean {
    const { phase, input, pendingClose } = this.#parts;
    const saysNoMore = input.ended && input.waitingBytes === 0;
    return saysNoMore || pendingClose !== undefined || phase.kind === "closing" || phase.kind === "closed";
  }

  onGone(tell: () => void): void {
    this.#onGone = tell;
  }

  /** Tells who waits, if there is nobody any more to wait for. */
  tellGone(): void {
    if (this.#onGone === undefined || !this.isGone) return;
    this.#onGone();
    this.#onGone = undefined;
  }

  expectContent(): void {
    this.#parts.content.expectDots();
  }

  expectChunk(chunk: Chunk): void {
    this.#parts.content.expectChunk(chunk);
  }

  expectLine(handler: LineHandler): void {
    this.#parts.lines.expect(handler);
  }

  expectTls(): void {
    this.#parts.upgradeBehindReply = true;
  }

  holdBack(delayMs: number, dueTo: string): void {
    if (delayMs > 0) this.#parts.holdBack = { delayMs, dueTo };
  }

  resetTransaction(): void {
    this.state.transaction = undefined;
    this.state.lastRefusal = undefined;
    this.#parts.content.discard();
  }
}
