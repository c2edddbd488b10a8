/** What a message comes out of and what goes when it is kept: a file, for one. */
import type { MessageId } from "../../core/message/envelope.ts";

export interface SubmissionSource {
  /** Just before the message is kept, under this id. Rejects with SourceGone: nothing is kept. */
  claim(id: MessageId): Promise<void>;
  /**
   * The message is durable, and nobody has it yet: where a crash comes before this has ended, it is found in the spool.
   * Never rejects.
   */
  release(): Promise<void>;
}

/** The source is not there any more, or not what was read. */
export class SourceGone extends Error {
  override readonly name = "SourceGone";
}
