/** New mail: from a finished draft to a message that is durable and handed over. */
import type { Envelope, Origin } from "../../core/message/envelope.ts";
import { messageKey, queueKey } from "../store/keys.ts";
import { holdClaim, newLiveMessage, type LiveMessage } from "../messages/live-message.ts";
import type { LmdbDraft } from "../messages/lmdb-draft.ts";
import type { Write } from "../store/store.ts";
import { encodeMessage } from "../messages/record.ts";
import { dropKeptBody, endClaim, everyRecipient, letGo, type SpoolState } from "./spool-state.ts";
import type { KeptBody } from "../bodies/body-blocks.ts";
import {
  SpoolError,
  submissionQueue,
  type ContentFacts,
  type Draft,
  type FreshMail,
  type SpooledMessage,
} from "../spool.ts";

/** What a claim costs beside its content, as the budget counts it. */
const claimBytes = 1024;
export const emptyValue = Buffer.alloc(0);

/** `Spool.accept`. */
export async function accept(
  spool: SpoolState,
  draft: Draft,
  envelope: Envelope,
  origin: Origin,
  facts: Omit<ContentFacts, "sizeBytes">,
): Promise<SpooledMessage> {
  const { id, sizeBytes } = draft;
  const { chunks, body } = (draft as LmdbDraft).take();
  let arriving: Arrival | undefined;
  try {
    const bodyCrc = await body?.finish();
    // A body goes by its path: its record must not end up in another directory.
    const misplaced = body === undefined ? spool.place.fault : await spool.place.look();
    if (misplaced !== undefined) throw new SpoolError("failed", misplaced);
    const content: ContentFacts = { sizeBytes, ...facts };
    const message = { id, arrivedAt: spool.clock.now(), envelope, origin, content };
    arriving = arrival(spool, message, chunks, bodyCrc, body?.takeKept());
    await spool.group.once(arriving.writes);
  } catch (error) {
    spool.memory.comingIn.end(id);
    if (arriving !== undefined) giveUp(spool, arriving);
    await body?.discard();
    throw error;
  }
  arrive(spool, arriving);
  return arriving.live.message;
}

/** The message is durable: counted, and handed over or left to wait. */
export function arrive(spool: SpoolState, { live, freshBytes }: Arrival) {
  const { id, arrivedAt } = live.message;
  spool.memory.comingIn.end(id);
  spool.size++;
  spool.queues.count(submissionQueue, 1);
  if (freshBytes !== undefined) {
    spool.memory.lives.set(id, live);
    const claim = holdClaim(live, submissionQueue, everyRecipient, spool.bodies, freshBytes);
    if (!spool.closed && told(spool, (fresh) => fresh.take(claim))) return;
    if (!claim.ended) endClaim(spool, claim);
    letGo(spool, live);
  }
  spool.queues.findOrAdd(submissionQueue).add({ dueAt: arrivedAt, id });
  told(spool, (fresh) => fresh.waits(live.message));
}

/** Nothing of the message is kept. */
function giveUp(spool: SpoolState, { live, freshBytes }: Arrival) {
  dropKeptBody(live);
  spool.freshBytes -= freshBytes ?? 0;
}

/** False when nobody listens, or the listener throws: its fault is no fault of the message. */
function told(spool: SpoolState, tell: (fresh: FreshMail) => unknown): boolean {
  const { fresh } = spool;
  if (fresh === undefined) return false;
  try {
    return tell(fresh) !== false;
  } catch (error) {
    spool.onFault(new SpoolError("failed", `fresh mail was not taken: ${String(error)}`, { cause: error }));
    return false;
  }
}

/** A message about to be written. */
export interface Arrival {
  readonly live: LiveMessage;
  readonly writes: readonly Write[];
  /** Memory set apart for its fresh claim; undefined: nobody takes it fresh. */
  readonly freshBytes: number | undefined;
}

/** A new message, what accepting it writes, and who has it then: decided before it is written. */
export function arrival(
  spool: SpoolState,
  message: SpooledMessage,
  chunks: readonly Buffer[],
  bodyCrc?: number,
  keptBody?: KeptBody,
): Arrival {
  const { id, arrivedAt, envelope, origin, content } = message;
  const header = { arrivedAt, envelope, origin, content, ...(bodyCrc === undefined ? {} : { bodyCrc }) };
  const inlineBytes = bodyCrc === undefined ? content.sizeBytes : 0;
  const { record, content: inline } = encodeMessage(header, chunks, inlineBytes);
  const live = newLiveMessage(message, bodyCrc === undefined ? inline : { bodyCrc });
  live.keptBody = keptBody;
  const inMemory = bodyCrc === undefined || keptBody !== undefined;
  const bytes = claimBytes + (inMemory ? content.sizeBytes : 0);
  const isTaken =
    spool.freshBytes + bytes <= spool.memoryBudgetBytes && told(spool, (fresh) => fresh.hasRoom(message));
  if (isTaken) spool.freshBytes += bytes;
  else dropKeptBody(live);
  const writes: Write[] = [
    { table: "messages", key: messageKey(id), value: record, isNew: true },
    { table: "queue", key: queueKey(submissionQueue, arrivedAt, id), value: emptyValue, isNew: true },
  ];
  return { live, writes, freshBytes: isTaken ? bytes : undefined };
}
