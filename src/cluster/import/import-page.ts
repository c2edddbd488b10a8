/** Some messages of a closed spool as the arguments of `import_page_1` (../schema/import-functions.ts). Pure. */
import type { MessageId } from "../../core/message/envelope.ts";
import { entriesOf } from "../../spool/messages/recipients.ts";
import { decodeMessage, decodeState } from "../../spool/messages/record.ts";
import { submissionQueue, suspendedDueAt, type QueueName } from "../../spool/spool.ts";
import { encodeEntry } from "../spool/entry-state.ts";

export interface ImportedEntry {
  readonly queue: QueueName;
  readonly dueAt: number;
  /** Undefined: nobody has tried it yet. */
  readonly state: Buffer | undefined;
}

/** A message that can be read. */
export interface WholeMessage {
  readonly kind: "whole";
  readonly id: MessageId;
  readonly record: Buffer;
  readonly arrivedAt: number;
  readonly sizeBytes: number;
  /** Unfinished ones. */
  readonly recipients: number;
  readonly entries: readonly ImportedEntry[];
  readonly isSuspended: boolean;
  /** Undefined: the content stands in the record. */
  readonly bodyCrc: number | undefined;
}

export interface UnreadableMessage {
  readonly kind: "damaged";
  readonly id: MessageId;
  readonly what: string;
  readonly record: Buffer | undefined;
  readonly state: Buffer | undefined;
}

export function readClosed(message: {
  readonly id: MessageId;
  readonly record: Buffer;
  readonly state: Buffer | undefined;
}): WholeMessage | UnreadableMessage {
  const { id, record, state } = message;
  const stored = decodeMessage(id, record);
  if (typeof stored === "string") return { ...message, kind: "damaged", what: stored };
  const { arrivedAt, envelope, content } = stored.message;
  const bodyCrc = Buffer.isBuffer(stored.content) ? undefined : stored.content.bodyCrc;
  const whole = { kind: "whole", id, record, arrivedAt, sizeBytes: content.sizeBytes, bodyCrc } as const;
  if (state === undefined)
    return {
      ...whole,
      recipients: envelope.recipients.length,
      entries: [{ queue: submissionQueue, dueAt: arrivedAt, state: undefined }],
      isSuspended: false,
    };
  const recipients = decodeState(state);
  if (typeof recipients === "string") return { ...message, kind: "damaged", what: recipients };
  return {
    ...whole,
    recipients: recipients.length,
    entries: entriesOf(recipients).map(({ queue, dueAt }) => ({
      queue,
      dueAt,
      state: encodeEntry(recipients.filter((one) => one.queue === queue)),
    })),
    isSuspended: recipients.length > 0 && recipients.every(({ dueAt }) => dueAt === suspendedDueAt),
  };
}

export interface ImportPage {
  readonly messages: readonly WholeMessage[];
  readonly damaged: readonly UnreadableMessage[];
}

/** Behind the source, where it stood and stands, and how many were there already. */
export function encodePage({ messages, damaged }: ImportPage): readonly unknown[] {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const put = (octets: Buffer | undefined): readonly [number, number] => {
    if (octets === undefined) return [0, -1];
    const at = bytes;
    chunks.push(octets);
    bytes += octets.length;
    return [at, octets.length];
  };
  const m: (readonly unknown[])[] = [];
  const e: (readonly unknown[])[] = [];
  const d: (readonly unknown[])[] = [];
  for (const { id, record, arrivedAt, entries } of messages) {
    m.push([id, ...put(record)]);
    for (const { queue, dueAt, state } of entries) e.push([id, queue, dueAt, arrivedAt, ...put(state)]);
  }
  for (const { id, what, record, state } of damaged)
    // PostgreSQL keeps no NUL in a text.
    d.push([id, what.replaceAll("\0", ""), ...put(record), state === undefined ? "" : state.toString("hex")]);
  return [Buffer.concat(chunks, bytes), ...columnsOf(m, 3), ...columnsOf(e, 6), ...columnsOf(d, 5)];
}

function columnsOf(rows: readonly (readonly unknown[])[], count: number): unknown[][] {
  return Array.from({ length: count }, (_, at) => rows.map((row) => row[at]));
}
