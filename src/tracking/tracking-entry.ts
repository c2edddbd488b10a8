/** What a station tells of a message's step. */
import type { Envelope, MessageId, Origin } from "../core/message/envelope.ts";
import type { TrackingEventId, TrackingSource } from "./tracking-record.ts";

/** What the log takes of a message; of a damaged one only the id is known. */
export interface TrackedMessage {
  readonly id: MessageId;
  /** `Clock.now()`. */
  readonly arrivedAt?: number;
  readonly envelope?: Pick<Envelope, "reversePath" | "recipients">;
  readonly origin?: Pick<Origin, "connector" | "sourceAddress" | "helloName" | "sessionId">;
  readonly content?: { readonly sizeBytes: number; readonly messageId?: string; readonly subject?: string };
}

export interface TrackingEntry {
  readonly eventId: TrackingEventId;
  readonly source: TrackingSource;
  readonly message: TrackedMessage;
  /** Default: all of the message. */
  readonly recipients?: readonly string[];
  readonly status?: string | undefined;
  /** Default: the receive connector. */
  readonly connector?: string;
  /** The next hop. */
  readonly host?: string | undefined;
  readonly reference?: string;
  readonly context?: string;
  /** On SEND by SMTP: by what the connection was within TLS, or `clear`. */
  readonly tls?: string | undefined;
}
