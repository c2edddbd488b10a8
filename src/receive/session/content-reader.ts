/** Takes the octets of a message from a session's input: those behind DATA, or chunk by chunk (BDAT). */
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import { chunkReceived } from "../../core/smtp/reply.ts";
import { ContentIntake } from "../transaction/content-intake.ts";
import type { Chunk, Verdict } from "./conversation.ts";
import type { SessionInput } from "./session-input.ts";
import type { SessionServices } from "./services.ts";
import type { SessionState } from "./state.ts";
import type { SessionTranscript } from "./transcript.ts";

/** As clients end their data that write LF, CR, or CR CR LF. */
const looksEnded = /[\r\n]\.(?:\r*\n|\r)(?:QUIT\r*\n)?$/i;
/** As long as what `looksEnded` looks for. */
const tailBytes = 16;

export type ContentProgress =
  /** Wants more octets. */
  | "more"
  /** Wants to wait for `whenWritable`, and to be asked again. */
  | "wait"
  /** Must end with the connection: `breakOff` says why. */
  | "broken"
  /** The content is whole: `take` it. */
  | "ended"
  /** A chunk that is not the last has been read: `chunkReply` answers it. */
  | "chunk";

export class ContentReader {
  readonly #input: SessionInput;
  readonly #state: SessionState;
  readonly #services: SessionServices;
  readonly #transcript: SessionTranscript | undefined;
  #expects: "nothing" | "dots" | "chunk" = "nothing";
  #intake: ContentIntake | undefined;
  #chunk: Chunk | undefined;
  #chunkRemainingBytes = 0;
  /** The last octets of the content as they came. */
  #tail = "";

  constructor(
    input: SessionInput,
    state: SessionState,
    services: SessionServices,
    transcript: SessionTranscript | undefined,
  ) {
    this.#input = input;
    this.#state = state;
    this.#services = services;
    this.#transcript = transcript;
  }

  /** The octets that come are content, not commands. */
  get isReading(): boolean {
    return this.#expects !== "nothing";
  }

  /** Some content has come, or is about to; between two chunks too. */
  get isUnderWay(): boolean {
    return this.#intake !== undefined;
  }

  /** Content up to the line of one dot follows (DATA). */
  expectDots(): void {
    this.#intake = this.#newIntake("dot");
    this.#expects = "dots";
    this.#tail = "\n";
  }

  /** A refused chunk is read and dropped. */
  expectChunk(chunk: Chunk): void {
    this.#chunk = chunk;
    this.#chunkRemainingBytes = chunk.sizeBytes;
    this.#expects = "chunk";
    if (chunk.refusal === undefined) this.#intake ??= this.#newIntake("raw");
  }

  /**
   * A line of one dot came that ends nothing, for want of CRLF.CRLF, and at most QUIT behind it: a client that falls
   * silent here waits for a reply.
   */
  get seemsEnded(): boolean {
    return this.#expects === "dots" && looksEnded.test(this.#tail);
  }

  /** Drops what has come; what is expected stays expected. */
  discard(): void {
    this.#intake?.discard();
    this.#intake = undefined;
  }

  read(): ContentProgress {
    return this.#expects === "chunk" ? this.#readChunk() : this.#readDots();
  }

  get breakOff(): Refused | undefined {
    return this.#intake?.breakOff;
  }

  whenWritable(): Promise<void> {
    return this.#intake?.whenWritable() ?? Promise.resolve();
  }

  /** The whole content, to be finished; the transaction is over. */
  take(): ContentIntake {
    const intake = this.#intake;
    if (intake === undefined) throw new Error("no content to finish");
    this.#intake = undefined;
    this.#chunk = undefined;
    this.#expects = "nothing";
    this.#state.transaction = undefined;
    return intake;
  }

  /** Answers the chunk that was read last. A refused one ends the transaction. */
  chunkReply(): Verdict {
    const chunk = this.#chunk;
    const intake = this.#intake;
    this.#chunk = undefined;
    if (chunk === undefined) throw new Error("no chunk to answer");
    const refusal =
      chunk.refusal ??
      (intake === undefined ? refused("badSequence", { detail: "a chunk of no message" }) : intake.refusal);
    if (refusal === undefined) return chunkReceived(chunk.sizeBytes);
    this.#state.transaction = undefined;
    this.discard();
    return refusal;
  }

  #readDots(): ContentProgress {
    const intake = this.#intake;
    const input = this.#input;
    if (intake === undefined || input.waitingBytes === 0) return "more";
    const from = input.at;
    input.at = intake.feed(input.octets, from, input.octets.length);
    if (intake.breakOff !== undefined) return "broken";
    if (intake.ended) return "ended";
    const { octets } = input;
    this.#tail = (this.#tail + octets.toString("latin1", Math.max(from, octets.length - tailBytes))).slice(
      -tailBytes,
    );
    // A client without CRLF will send nothing better.
    if (input.lineFeedsOnly === true && this.#tail.endsWith("\n") && this.seemsEnded) {
      intake.breakOff = refused("endOfDataNeedsCrlf", { detail: "all its lines end in line feeds alone" });
      return "broken";
    }
    return intake.mustWait ? "wait" : "more";
  }

  #readChunk(): ContentProgress {
    const chunk = this.#chunk;
    if (chunk === undefined) return "more";
    const intake = chunk.refusal === undefined ? this.#intake : undefined;
    const input = this.#input;
    const octets = Math.min(this.#chunkRemainingBytes, input.waitingBytes);
    if (intake !== undefined && octets > 0) {
      intake.feed(input.octets, input.at, input.at + octets);
      if (intake.breakOff !== undefined) return "broken";
    }
    input.at += octets;
    this.#chunkRemainingBytes -= octets;
    if (intake?.mustWait === true) return "wait";
    if (this.#chunkRemainingBytes > 0) return "more";
    this.#expects = "nothing";
    return intake !== undefined && chunk.last ? "ended" : "chunk";
  }

  #newIntake(mode: "dot" | "raw"): ContentIntake {
    const { transaction } = this.#state;
    if (transaction === undefined) throw new Error("content without a mail transaction");
    return new ContentIntake(mode, this.#state, transaction, this.#services, this.#transcript);
  }
}
