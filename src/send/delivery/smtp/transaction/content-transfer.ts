/** The content's way out within one transaction: in memory at once, or streamed, by DATA or by BDAT. */
import type { Claim, ContentReader } from "../../../../spool/spool.ts";
import type { ClientConnection } from "../wire/client-connection.ts";
import { finalDot, pumpChunks, pumpData, type ContentSink } from "./content-pump.ts";
import { createDotStuffer } from "../wire/dot-stuffing.ts";
import { timeouts } from "../wire/timeouts.ts";

/** `untriedChunks`: to a peer that has taken none yet. */
export type ContentWay = "data" | "chunks" | "untriedChunks";

export class ContentTransfer implements ContentSink {
  /** All of it, one piece behind the other. Undefined: the content has to be streamed. */
  readonly inMemory: readonly Buffer[] | undefined;
  /** Final dot or BDAT LAST was handed over: the peer may have taken the message. */
  complete = false;
  chunksUnanswered = 0;
  /** A stream is being read. */
  streaming = false;
  private readonly connection: ClientConnection;
  private readonly claim: Claim;
  private stopped = false;
  /** Octets written behind the end, of another transaction. */
  private behindBytes = 0;
  private onDrained: (() => void) | undefined;
  private onChunkTaken: (() => void) | undefined;

  constructor(connection: ClientConnection, claim: Claim) {
    this.connection = connection;
    this.claim = claim;
    this.inMemory = piecesOf(claim.content);
  }

  get wanted(): boolean {
    return !this.stopped && this.connection.alive;
  }

  /** Others may have the message, or will: its content is not to be ended. */
  get mayEnd(): boolean {
    return this.claim.isHeld?.() !== false;
  }

  /** Asked when the end is handed to the system: a node that slept since it was written has no right to the message any more. */
  private mayLeave(): boolean {
    const { mayEnd } = this;
    if (!mayEnd) this.complete = false;
    return mayEnd;
  }

  /** Nothing more is to be sent. A stream ends soon, at the end of a BDAT chunk. */
  stop(): void {
    this.stopped = true;
    this.goOn();
    this.chunkTaken();
  }

  drained(): void {
    if (this.onDrained !== undefined) this.goOn();
    else if (this.complete) this.connection.setDeadline(timeouts.finalMs);
  }

  /** DATA content that is in memory, its end, and what is written behind it. */
  sendData(body: readonly Buffer[], behind: string, encoding: "latin1" | "utf8"): void {
    const { content } = this.claim.message;
    const parts = content.dotLines > 0 ? body.flatMap(createDotStuffer()) : body;
    this.complete = true;
    this.behindBytes = behind.length === 0 ? 0 : Buffer.byteLength(behind, encoding);
    this.writeNow([...parts, finalDot(content) + behind], encoding);
  }

  /** DATA that nobody is to get. */
  sendNothing(): void {
    this.complete = true;
    this.writeNow([".\r\n"], "latin1");
  }

  /** The whole content as one BDAT, and what is written behind it. */
  sendChunk(body: readonly Buffer[], behind: string, encoding: "latin1" | "utf8"): void {
    this.complete = true;
    this.behindBytes = behind.length === 0 ? 0 : Buffer.byteLength(behind, encoding);
    const sizeBytes = body.reduce((sum, { length }) => sum + length, 0);
    const parts = [`BDAT ${sizeBytes} LAST\r\n`, ...body];
    this.connection.writeParts(behind === "" ? parts : [...parts, behind], encoding, this.asked);
  }

  /** Rejects with what the reader throws, and with NotHeld; then the content was not finished. */
  async stream(way: ContentWay): Promise<void> {
    const { content, message } = this.claim;
    this.streaming = true;
    this.connection.setDeadline(timeouts.blockMs);
    try {
      await (way === "data"
        ? pumpData(content, message.content, this)
        : pumpChunks(content, this, way === "chunks"));
    } finally {
      this.streaming = false;
    }
  }

  /**
   * A reply came to content sent at once, or by DATA: true where its end has not left, and must not any more. `orQueued`: what
   * waits for the peer to read counts; a BDAT may be refused before it has.
   */
  takeBackEnd(orQueued: boolean): boolean {
    const { connection } = this;
    if (this.complete && (connection.takeBack() || (orQueued && connection.queuedBytes > this.behindBytes)))
      this.complete = false;
    return !this.complete;
  }

  /** A reply came to a chunk of several: true where none that has left is unanswered. That one will not leave then. */
  takeBackChunk(): boolean {
    if (this.chunksUnanswered !== 1 || !this.connection.takeBack()) return false;
    this.complete = false;
    return true;
  }

  /** The peer has the content. One that said so too early may get the rest of it still. */
  taken(): void {
    if (this.inMemory === undefined && this.connection.unsentBytes === 0) this.claim.content.giveBack?.();
  }

  write(parts: readonly (Buffer | string)[]): Promise<void> {
    if (this.writeNow(parts, "latin1") || !this.wanted) return Promise.resolve();
    return new Promise((resolve) => (this.onDrained = resolve));
  }

  chunkSent(last: boolean): void {
    this.chunksUnanswered++;
    this.complete = last;
  }

  untilChunkTaken(): Promise<void> {
    if (!this.wanted) return Promise.resolve();
    return new Promise((resolve) => (this.onChunkTaken = resolve));
  }

  /** A chunk was answered with 2xx. */
  chunkTaken(): void {
    const { onChunkTaken } = this;
    this.onChunkTaken = undefined;
    onChunkTaken?.();
  }

  dotSent(): void {
    this.complete = true;
  }

  private writeNow(parts: readonly (Buffer | string)[], encoding: "latin1" | "utf8"): boolean {
    const sent = this.connection.writeParts(parts, encoding, this.asked);
    this.connection.setDeadline(sent && this.complete ? timeouts.finalMs : timeouts.blockMs);
    return sent;
  }

  /** A relay by itself holds what it holds. */
  private get asked(): (() => boolean) | undefined {
    return this.complete && this.claim.isHeld !== undefined ? () => this.mayLeave() : undefined;
  }

  private goOn(): void {
    const { onDrained } = this;
    this.onDrained = undefined;
    onDrained?.();
  }
}

/** What is in pieces is not put together. */
function piecesOf(content: ContentReader): readonly Buffer[] | undefined {
  if (content.pieces !== undefined) return content.pieces;
  return content.inMemory && [content.inMemory];
}
