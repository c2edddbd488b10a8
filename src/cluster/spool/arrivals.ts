/** New mail: from a finished draft, or a report, to a message that is durable and handed over or waits. */
import type { Envelope, MessageId, Origin } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Handover } from "../../spool/flow/handover.ts";
import { newRecipients } from "../../spool/messages/recipients.ts";
import { encodeMessage } from "../../spool/messages/record.ts";
import {
  SpoolError,
  submissionQueue,
  type Beside,
  type ContentFacts,
  type SpooledMessage,
} from "../../spool/spool.ts";
import type { Membership } from "../membership/membership.ts";
import type { Accept } from "./commit-call.ts";
import type { CommitGroup } from "./commit-group.ts";
import type { BodyWriter } from "./bodies.ts";
import type { StoredDraft } from "../../spool/messages/stored-draft.ts";
import type { NodeAnswers } from "./node-answers.ts";
import type { LiveMessage, LiveMessages } from "./live-messages.ts";
import { noChange, type QueueView } from "./queue-view.ts";
import type { Releases } from "./releases.ts";

/** A message about to be written, and who has it then. */
export interface Arrival {
  readonly live: LiveMessage;
  readonly accept: Accept;
  /** Memory set apart for its fresh claim; undefined: nobody takes it fresh. */
  readonly freshBytes: number | undefined;
}

export interface Arrivals {
  accept(
    draft: StoredDraft<BodyWriter>,
    envelope: Envelope,
    origin: Origin,
    facts: Omit<ContentFacts, "sizeBytes">,
    beside?: Beside,
  ): Promise<SpooledMessage>;
  prepare(
    message: SpooledMessage,
    chunks: readonly Buffer[],
    body: { readonly crc: number; readonly chunks: number } | undefined,
    isOwned?: boolean,
    room?: Buffer,
  ): Arrival;
  /** It is durable: handed over, or left to wait. `nodeId`: of the incarnation that owns it. */
  arrive(arrival: Arrival, nodeId: number): void;
  /** It never came. */
  drop(arrival: Arrival): void;
  /** It is being accepted, up to when it was handed over or left to wait. */
  isArriving(id: MessageId): boolean;
  /** When messages that are being accepted arrived. */
  arriving(): Iterable<number>;
}

export function createArrivals(parts: {
  readonly clock: Clock;
  readonly membership: Membership;
  readonly group: CommitGroup;
  readonly view: QueueView;
  readonly lives: LiveMessages;
  readonly handover: Handover;
  readonly answers: NodeAnswers;
  readonly releases: Releases;
  readonly onAbandoned: (arrival: Arrival) => void;
}): Arrivals {
  const { clock, membership, group, view, lives, handover, answers, releases, onAbandoned } = parts;
  const underWay = new Map<MessageId, number>();
  const beforeHandovers = new Set<MessageId>();

  const prepare: Arrivals["prepare"] = (message, chunks, body, mustOwn = false, room) => {
    const { id, arrivedAt, envelope, origin, content } = message;
    const header = {
      arrivedAt,
      envelope,
      origin,
      content,
      ...(body === undefined ? {} : { bodyCrc: body.crc }),
    };
    const inlineBytes = body === undefined ? content.sizeBytes : 0;
    const encoded = encodeMessage(header, body === undefined ? chunks : [], inlineBytes, room);
    const freshBytes = handover.ask(message, inlineBytes);
    const isOwned = mustOwn || freshBytes !== undefined;
    const live: LiveMessage = {
      message,
      content: body === undefined ? encoded.content : { bodyCrc: body.crc },
      queues: new Set([submissionQueue]),
      isShared: false,
      claims: new Map(),
    };
    const accept = { id, arrivedAt, isOwned, record: encoded.record, chunks: body?.chunks ?? 0 };
    return { live, accept, freshBytes };
  };

  const arrive: Arrivals["arrive"] = ({ live, accept, freshBytes }, nodeId) => {
    const { arrivedAt } = accept;
    view.apply({ ...noChange, size: 1, messages: [[submissionQueue, 1]] });
    if (accept.isOwned) {
      const entry = newRecipients(live.message.envelope.recipients.length, arrivedAt);
      const held = { queue: submissionQueue, nodeId, entry, was: -1, dueAt: arrivedAt };
      const claim = lives.hold(live, { ...held, freshBytes: freshBytes ?? 0 }, Number.POSITIVE_INFINITY);
      // It ended between its commit and now: others deliver it.
      if (membership.current?.nodeId !== nodeId) return lives.end(claim);
      if (freshBytes !== undefined && !group.closed && handover.take(claim)) return;
      if (!claim.ended) releases.release(claim, undefined);
    } else view.apply({ ...noChange, due: [[submissionQueue, arrivedAt]] });
    handover.waits(live.message);
  };

  const drop = ({ freshBytes }: Arrival): void => handover.free(freshBytes ?? 0);

  return {
    prepare,
    arrive,
    drop,
    isArriving: (id) => underWay.has(id) || beforeHandovers.has(id),
    arriving: () => underWay.values(),
    async accept(draft, envelope, origin, facts, { beforeHandover, answer } = {}) {
      const { id, sizeBytes } = draft;
      let arrival: Arrival | undefined;
      let nodeId = 0;
      const { chunks, room, body } = draft.takeContent();
      try {
        const written = await body?.finish();
        if (membership.fault !== undefined) throw new SpoolError("away", membership.fault);
        const arrivedAt = clock.now();
        underWay.set(id, arrivedAt);
        const content: ContentFacts = { sizeBytes, ...facts };
        const message = { id, arrivedAt, envelope, origin, content };
        const given = answer === undefined ? undefined : answers.prepare(answer, id);
        const made = (arrival = prepare(message, chunks, written, beforeHandover !== undefined, room));
        const outcome = await group.run({
          accepts: [made.accept],
          ...(given === undefined ? {} : { answer: given }),
          onAbandoned: () => onAbandoned(made),
        });
        nodeId = outcome.nodeId;
        if (beforeHandover !== undefined) beforeHandovers.add(id);
        if (answer !== undefined) answers.kept(answer.turn, outcome.isNewAnswer);
      } catch (error) {
        if (arrival !== undefined) drop(arrival);
        body?.discard();
        throw error;
      } finally {
        underWay.delete(id);
        answer?.turn.end();
      }
      try {
        if (beforeHandover !== undefined) await beforeHandover();
      } finally {
        arrive(arrival, nodeId);
        beforeHandovers.delete(id);
      }
      return arrival.live.message;
    },
  };
}
