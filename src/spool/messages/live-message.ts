/** Messages in use: held by claims or with changes on their way to disk. All others are on disk only. */
import type { MessageId } from "../../core/message/envelope.ts";
import type { KeptBody } from "../bodies/body-blocks.ts";
import type { BodyFiles } from "../bodies/body-file.ts";
import { messageKey } from "../store/keys.ts";
import type { Store } from "../store/journaled-store.ts";
import {
  dueRecipients,
  entriesOf,
  newRecipients,
  type PlacedRecipient,
  type QueueEntry,
} from "./recipients.ts";
import { decodeMessage, decodeState, type StoredMessage } from "./record.ts";
import type { Claim, ContentReader, QueueName, SpooledMessage } from "../spool.ts";

/** One message's state, shared by all its claims so that none loses another's change. */
export interface LiveMessage {
  readonly message: SpooledMessage;
  readonly content: StoredMessage["content"];
  /** The content of the body file, as long as the fresh claim has it in memory. */
  keptBody: KeptBody | undefined;
  recipients: readonly PlacedRecipient[];
  /** What stands in the queue table, or is about to. */
  entries: readonly QueueEntry[];
  /** A state record is written, or about to be. */
  hasState: boolean;
  readonly claims: LiveClaim[];
  /** Changes that are not durable yet. */
  unwritten: number;
  /** Set aside as damaged: claims of it end without effect. */
  gone: boolean;
}

export interface LiveClaim extends Claim {
  readonly live: LiveMessage;
  /** Memory this claim holds against the budget for fresh mail. */
  readonly freshBytes: number;
  ended: boolean;
}

export function newLiveMessage(message: SpooledMessage, content: StoredMessage["content"]): LiveMessage {
  const recipients = newRecipients(message.envelope.recipients.length, message.arrivedAt);
  return {
    message,
    content,
    keptBody: undefined,
    recipients,
    entries: entriesOf(recipients),
    hasState: false,
    claims: [],
    unwritten: 0,
    gone: false,
  };
}

/** A message as it cannot be used: what is wrong, and the entries it has as far as they are known. */
export interface Damage {
  readonly what: string;
  readonly entries: readonly QueueEntry[];
}

/** Reads a message from the store; undefined when there is none. Cost: two lookups, a checksum, a JSON. */
export function loadMessage(store: Store, id: MessageId): LiveMessage | Damage | undefined {
  const key = messageKey(id);
  const record = store.tables.messages.getBinary(key);
  const stateRecord = store.tables.state.getBinary(key);
  const recipients = stateRecord === undefined ? undefined : decodeState(stateRecord);
  const entries = Array.isArray(recipients) ? entriesOf(recipients) : [];
  if (record === undefined)
    return stateRecord === undefined ? undefined : { what: "the record is missing", entries };
  const stored = decodeMessage(id, record);
  if (typeof stored === "string") return { what: stored, entries };
  if (typeof recipients === "string") return { what: recipients, entries };
  const live = newLiveMessage(stored.message, stored.content);
  if (recipients === undefined) return live;
  return { ...live, recipients, entries, hasState: true };
}

export function isDamage(loaded: LiveMessage | Damage): loaded is Damage {
  return "what" in loaded;
}

/** Holds the recipients of a queue due at `now`. */
export function holdClaim(
  live: LiveMessage,
  queue: QueueName,
  now: number,
  bodies: BodyFiles,
  freshBytes: number,
): LiveClaim {
  const claim: LiveClaim = {
    message: live.message,
    queue,
    recipients: dueRecipients(live.recipients, queue, now),
    content: contentReader(live, bodies),
    live,
    freshBytes,
    ended: false,
  };
  live.claims.push(claim);
  return claim;
}

export function isHeld(live: LiveMessage, queue: QueueName): boolean {
  return live.claims.some((claim) => claim.queue === queue);
}

export function hasEntry(live: LiveMessage, queue: QueueName, dueAt: number): boolean {
  return live.entries.some((entry) => entry.queue === queue && entry.dueAt === dueAt);
}

/** Its content is on disk only from now on. */
export function dropKeptBody(live: LiveMessage): void {
  live.keptBody?.end();
  live.keptBody = undefined;
}

export function contentReader(live: LiveMessage, bodies: BodyFiles): ContentReader {
  const { message, content } = live;
  if (Buffer.isBuffer(content)) {
    return {
      inMemory: content,
      async *stream() {
        if (content.length > 0) yield content;
      },
    };
  }
  const { bodyCrc } = content;
  return {
    inMemory: undefined,
    stream: () => live.keptBody?.stream() ?? bodies.read(message.id, message.content.sizeBytes, bodyCrc),
    giveBack: () => live.keptBody?.giveBack(),
  };
}
