/** New mail: from a finished draft, or a report, to a message that is durable and handed over or waits. */
import type { Envelope, Origin } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import type { GivenAnswers } from "../answers/given-answers.ts";
import type { KeptBody } from "../bodies/body-blocks.ts";
import type { SpoolPlace } from "../lock/spool-place.ts";
import type { BodyWriter } from "../bodies/body-writer.ts";
import type { StoredDraft } from "../messages/stored-draft.ts";
import { dropKeptBody, newLiveMessage, type LiveMessage } from "../messages/live-message.ts";
import type { MessagesInUse } from "../messages/messages-in-use.ts";
import { encodeMessage } from "../messages/record.ts";
import type { QueueTable } from "../queues/queue-table.ts";
import { addEntry } from "../queues/queue-writes.ts";
import type { GroupCommit } from "../store/group-commit.ts";
import { messageKey } from "../store/keys.ts";
import type { Write } from "../store/store.ts";
import type { Claims } from "./claims.ts";
import type { Handover } from "./handover.ts";
import type { KeptMessages } from "./kept-messages.ts";
import {
  SpoolError,
  submissionQueue,
  type Beside,
  type ContentFacts,
  type SpooledMessage,
} from "../spool.ts";

/** A message about to be written. */
export interface Arrival {
  readonly live: LiveMessage;
  readonly writes: readonly Write[];
  /** Octets set apart for its fresh claim; undefined: nobody takes it fresh. */
  readonly freshBytes: number | undefined;
}

export interface Arrivals {
  /** `Spool.accept`. */
  accept(
    draft: StoredDraft<BodyWriter>,
    envelope: Envelope,
    origin: Origin,
    facts: Omit<ContentFacts, "sizeBytes">,
    beside?: Beside,
  ): Promise<SpooledMessage>;
  /** A new message, what accepting it writes, and who has it then: decided before it is written. */
  prepare(
    message: SpooledMessage,
    chunks: readonly Buffer[],
    bodyCrc?: number,
    keptBody?: KeptBody,
    room?: Buffer,
  ): Arrival;
  /** The message is durable: counted, and handed over or left to wait. */
  arrive(arrival: Arrival): void;
}

export function createArrivals(parts: {
  readonly clock: Clock;
  readonly place: SpoolPlace;
  readonly messages: MessagesInUse;
  readonly queues: QueueTable;
  readonly group: GroupCommit;
  readonly kept: KeptMessages;
  readonly claims: Claims;
  readonly handover: Handover;
  readonly answers: Pick<GivenAnswers, "prepare">;
}): Arrivals {
  const { clock, place, messages, queues, group, kept, claims, handover, answers } = parts;

  const prepare: Arrivals["prepare"] = (message, chunks, bodyCrc, keptBody, room) => {
    const { id, arrivedAt, envelope, origin, content } = message;
    const header = { arrivedAt, envelope, origin, content, ...(bodyCrc === undefined ? {} : { bodyCrc }) };
    const inlineBytes = bodyCrc === undefined ? content.sizeBytes : 0;
    const { record, content: inline } = encodeMessage(header, chunks, inlineBytes, room);
    const live = newLiveMessage(message, bodyCrc === undefined ? inline : { bodyCrc });
    live.keptBody = keptBody;
    const inMemory = bodyCrc === undefined || keptBody !== undefined;
    const freshBytes = handover.ask(message, inMemory ? content.sizeBytes : 0);
    if (freshBytes === undefined) dropKeptBody(live);
    const writes: Write[] = [
      { table: "messages", key: messageKey(id), value: record, isNew: true },
      addEntry(submissionQueue, arrivedAt, id),
    ];
    return { live, writes, freshBytes };
  };

  const arrive = ({ live, freshBytes }: Arrival): void => {
    const { id, arrivedAt } = live.message;
    messages.comingIn.end(id);
    kept.added();
    queues.count(submissionQueue, 1);
    if (freshBytes !== undefined) {
      const claim = claims.holdFresh(live, submissionQueue, freshBytes);
      if (!group.closed && handover.take(claim)) return;
      if (!claim.ended) claims.end(claim);
      messages.letGo(live);
    }
    queues.findOrAdd(submissionQueue).add({ dueAt: arrivedAt, id });
    handover.waits(live.message);
  };

  return {
    prepare,
    arrive,
    async accept(draft, envelope, origin, facts, { beforeHandover, answer } = {}) {
      const { id, sizeBytes } = draft;
      const { chunks, room, body } = draft.takeContent();
      let arrival: Arrival | undefined;
      try {
        const bodyCrc = await body?.finish();
        // A body goes by its path: its record must not end up in another directory.
        const misplaced = body === undefined ? place.fault : await place.look();
        if (misplaced !== undefined) throw new SpoolError("failed", misplaced);
        const content: ContentFacts = { sizeBytes, ...facts };
        const message = { id, arrivedAt: clock.now(), envelope, origin, content };
        arrival = prepare(message, chunks, bodyCrc, body?.takeKept(), room);
        if (answer === undefined) await group.once(arrival.writes);
        else {
          const given = answers.prepare(answer, id);
          await group.once([...arrival.writes, ...given.writes]);
          given.kept();
        }
      } catch (error) {
        messages.comingIn.end(id);
        if (arrival !== undefined) {
          dropKeptBody(arrival.live);
          handover.free(arrival.freshBytes ?? 0);
        }
        await body?.discard();
        throw error;
      } finally {
        answer?.turn.end();
      }
      try {
        if (beforeHandover !== undefined) await beforeHandover();
      } finally {
        arrive(arrival);
      }
      return arrival.live.message;
    },
  };
}
