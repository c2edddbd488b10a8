/** What a verb sees of the session that it answers for. */
import type { Refused } from "../../core/refusals/refusal.ts";
import type { Asker } from "../transaction/begin-transaction.ts";
import type { Verdict } from "../transaction/verdict.ts";
import type { SessionServices } from "./services.ts";
import type { SessionState } from "./state.ts";
import type { SessionTranscript } from "./transcript.ts";

export type { Verdict };

/** Undefined: the reply follows later (behind a BDAT chunk). */
export type Answer = Verdict | Promise<Verdict> | undefined;

/** Handles the next line in place of the command parser (AUTH). */
export type LineHandler = (line: Buffer) => Verdict | Promise<Verdict>;

/** A BDAT chunk that follows (RFC 3030 §2). */
export interface Chunk {
  readonly sizeBytes: number;
  readonly last: boolean;
  /** Given when the chunk is to be dropped. */
  readonly refusal: Refused | undefined;
}

export interface Conversation extends Asker {
  readonly state: SessionState;
  readonly services: SessionServices;
  /** The connector's protocol log (protocolLoggingLevel); undefined: it keeps none. */
  readonly transcript: SessionTranscript | undefined;
  /** The content follows (DATA). */
  expectContent(): void;
  /** A chunk follows (BDAT). A refused one is read and dropped before its reply is sent. */
  expectChunk(chunk: Chunk): void;
  /** The next line goes to `handler` instead of the command parser. */
  expectLine(handler: LineHandler): void;
  /** TLS begins behind the reply to this command. */
  expectTls(): void;
  /** Ends the transaction (RFC 5321 §4.1.1.5). */
  resetTransaction(): void;
}
