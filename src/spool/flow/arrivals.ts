/** New mail: from a finished draft to a message that is durable and handed over. */
import type { Envelope, Origin } from "../../core/message/envelope.ts";
import { messageKey, queueKey } from "../store/keys.ts";
import { holdClaim, newLiveMessage, type LiveClaim, type LiveMessage } from "../messages/live-message.ts";
import type { LmdbDraft } from "../messages/lmdb-draft.ts";
import type { Write } from "../store/store.ts";
import { encodeMessage } from "../messages/record.ts";
import { dropKeptBody, endClaim, everyRecipient, letGo, type SpoolState } from "./spool-state.ts";
import { SpoolError, submissionQueue, type ContentFacts, type Draft, type SpooledMessage } from "../spool.ts";

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
  const { accepting } = spool.memory;
  const { chunks, body } = (draft as LmdbDraft).take();
  const bodyCrc = await body?.finish();
  // A body goes by its path: its record must not end up in another directory.
  const misplaced = body === undefined ? spool.place.fault : await spool.place.look();
  if (misplaced !== undefined) {
    await body?.discard();
    throw new SpoolError("failed", misplaced);
  }
  const content: ContentFacts = { sizeBytes, ...facts };
  const message = { id, arrivedAt: spool.clock.now(), envelope, origin, content };
  const { live, writes } = arrival(message, chunks, bodyCrc);
  accepting.add(id);
  try {
    await spool.group.once(writes);
  } catch (error) {
    accepting.delete(id);
    await body?.discard();
    throw error;
  }
  live.keptBody = body?.takeKept();
  arrive(spool, live);
  return message;
}

function isTakenOver(spool: SpoolState, claim: LiveClaim): boolean {
  try {
    return spool.onAccepted?.(claim) ?? false;
  } catch (error) {
    spool.onFault(
      new SpoolError("failed", `fresh mail was not taken over: ${String(error)}`, { cause: error }),
    );
    return false;
  }
}

/** The message is durable: counted, and handed over while memory allows. */
export function arrive(spool: SpoolState, live: LiveMessage) {
  const { id, arrivedAt } = live.message;
  spool.memory.accepting.delete(id);
  spool.size++;
  spool.queues.count(submissionQueue, 1);
  const inMemory = Buffer.isBuffer(live.content) || live.keptBody !== undefined;
  const bytes = claimBytes + (inMemory ? live.message.content.sizeBytes : 0);
  if (
    spool.onAccepted !== undefined &&
    spool.freshBytes + bytes <= spool.memoryBudgetBytes &&
    !spool.closed
  ) {
    spool.memory.lives.set(id, live);
    spool.freshBytes += bytes;
    const claim = holdClaim(live, submissionQueue, everyRecipient, spool.bodies, bytes);
    if (isTakenOver(spool, claim)) return;
    if (!claim.ended) endClaim(spool, claim);
    letGo(spool, live);
  }
  dropKeptBody(live);
  spool.queues.findOrAdd(submissionQueue).add({ dueAt: arrivedAt, id });
}

/** A new message and what accepting it writes. */
export function arrival(message: SpooledMessage, chunks: readonly Buffer[], bodyCrc: number | undefined) {
  const { id, arrivedAt, envelope, origin, content } = message;
  const header = { arrivedAt, envelope, origin, content, ...(bodyCrc === undefined ? {} : { bodyCrc }) };
  const inlineBytes = bodyCrc === undefined ? content.sizeBytes : 0;
  const { record, content: inline } = encodeMessage(header, chunks, inlineBytes);
  const live = newLiveMessage(message, bodyCrc === undefined ? inline : { bodyCrc });
  const writes: Write[] = [
    { table: "messages", key: messageKey(id), value: record, isNew: true },
    { table: "queue", key: queueKey(submissionQueue, arrivedAt, id), value: emptyValue, isNew: true },
  ];
  return { live, writes };
}
