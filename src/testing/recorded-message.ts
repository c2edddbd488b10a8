/** What a recording sink keeps of a message. */
export interface RecordedRecipient {
  readonly path: string;
  /** ESMTP parameters as written, e.g. `NOTIFY=NEVER`. */
  readonly parameters: readonly string[];
}

export interface RecordedMessage {
  readonly reversePath: string;
  readonly parameters: readonly string[];
  readonly recipients: readonly RecordedRecipient[];
  /** As the peer meant it: dots unstuffed, BDAT chunks joined. */
  readonly content: Buffer;
  readonly framing: "DATA" | "BDAT";
  readonly tls: boolean;
  /** Number of the connection it came by, from 1. */
  readonly connection: number;
}
