/**
 * The spool that several nodes share, put together: PostgreSQL keeps it, and its durability is the database's. Where a
 * message is at each moment, and the file that decides:
 *
 *     coming in    in memory with its draft, or in chunks in the database   ../../spool/messages/stored-draft.ts, bodies.ts
 *     accepted     in one commit, owned by this node if it has room         arrivals.ts; with its answer node-answers.ts
 *     fresh        claimed in memory, never read                            live-messages.ts
 *     waiting      in the database, owned by nobody                         queue-view.ts knows when the first is due
 *     claimed      read and owned by this incarnation                       claiming.ts, old-messages.ts
 *     changed      seen at once, durable with a commit                      settling.ts, ends.ts, releases.ts
 *     suspended    owned by nobody, due never                               interventions.ts
 *     finished     its rows are gone                                        finished.ts: who waits for that
 *     damaged      in a table for people                                    damage.ts
 *
 * What a commit does is one function call for all that was gathered (commit-group.ts, commit-call.ts,
 * ../schema/spool-functions.ts). Each entry has the number of the incarnation that holds it. When that ends, however it
 * ends, the entries are anybody's, and whatever the former holder still writes of them is refused.
 *
 * So the usual message costs an insert when it is accepted and a delete when it is delivered, in commits that are shared; it
 * is in no index of what is due, and nothing is renewed for it.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import { createHandover } from "../../spool/flow/handover.ts";
import {
  SpoolError,
  submissionQueue,
  type Claim,
  type ContentReader,
  type Draft,
  type Spool,
  type SpooledMessage,
} from "../../spool/spool.ts";
import type { SpoolInspection } from "../../spool/spool-inspection.ts";
import type { Database } from "../database/database.ts";
import type { Membership } from "../membership/membership.ts";
import { createArrivals, type Arrival } from "./arrivals.ts";
import { createBodies, type BodyWriter } from "./bodies.ts";
import { createChores } from "./chores.ts";
import { createClaiming } from "./claiming.ts";
import { closedFault, createCommitGroup } from "./commit-group.ts";
import { createDamage } from "./damage.ts";
import { StoredDraft, type DraftPlace } from "../../spool/messages/stored-draft.ts";
import { createFinished } from "./finished.ts";
import { createInspection } from "./inspection.ts";
import { createInterventions } from "./interventions.ts";
import { createLateDones } from "./late-dones.ts";
import { createLiveMessages, type HeldClaim, type KeptContent } from "./live-messages.ts";
import { createNodeAnswers } from "./node-answers.ts";
import { idAt, nodeIds, type NodeIds } from "./node-ids.ts";
import { walkOld } from "./old-messages.ts";
import { QueueView } from "./queue-view.ts";
import { createReckoning } from "./reckoning.ts";
import { createReleases } from "./releases.ts";
import { createSettle } from "./settling.ts";
import { createViewPoll } from "./view-poll.ts";

export interface PostgresSpoolOptions {
  readonly database: Database;
  readonly membership: Membership;
  readonly clock: Clock;
  /** A lease, in milliseconds. */
  readonly leaseMs: number;
  /** Contents up to this size stand in their record, larger ones in chunks. Default 64 KiB. */
  readonly inlineLimitBytes?: number;
  /** What fresh claims may hold in memory together; above it fresh mail waits. Default 64 MiB. */
  readonly memoryBudgetBytes?: number;
  /** Answers kept, of all nodes. Default 1,000,000. */
  readonly answersAtMost?: number;
  readonly onAnswersCrowded?: (kept: number) => void;
  /** Hears of every call that failed; for an event. */
  readonly onFault?: (fault: SpoolError) => void;
  /** Hears of every commit: how much it held and how long it took. */
  readonly onCommit?: (works: number, elapsedMs: number) => void;
  /** Hears of entries whose owner was no node any more; that should not happen. */
  readonly onOrphans?: (entries: number) => void;
  /** Hears of entries that were this node's without its knowledge: a call had no answer. */
  readonly onFreed?: (entries: number) => void;
  /** Hears of commits that the database had confirmed and does not have any more. */
  readonly onWentBack?: (commits: number) => void;
  /** While it says yes, this node is given nothing that waits: others take it. Default: never. */
  readonly isDraining?: () => boolean;
}

export type PostgresSpool = Spool & SpoolInspection;

/** Looks at the queues once. Rejects with DatabaseFault. */
export async function openPostgresSpool(options: PostgresSpoolOptions): Promise<PostgresSpool> {
  const { database, membership, clock, leaseMs } = options;
  const { inlineLimitBytes = 64 * 1024, memoryBudgetBytes = 64 * 1024 * 1024 } = options;
  const { onFault = () => undefined, onCommit = () => undefined, onOrphans = () => undefined } = options;
  const { onFreed = () => undefined, onWentBack = () => undefined } = options;
  const { isDraining = () => false } = options;
  const { answersAtMost = 1_000_000, onAnswersCrowded = () => undefined } = options;

  // ids
  let ids: NodeIds | undefined;
  let idsOf: number | undefined;
  let lastId: MessageId = 0;
  /** Ids of the incarnation that has ended go on while there is no other: their slot is nobody's so soon. */
  const drawId = (): MessageId => {
    const { current } = membership;
    if (current !== undefined && idsOf !== current.nodeId) {
      ids = nodeIds(current.slot, Math.max(current.idFloor, lastId));
      idsOf = current.nodeId;
    }
    lastId = ids?.draw(clock.now()) ?? 0;
    return lastId;
  };
  membership.reserveIds(() => Math.max(lastId, idAt(clock.now() + 2 * leaseMs)));
  const earlier = { lastId: membership.current?.idFloor ?? 0, openedAt: clock.now() };

  // contents, queues, commits
  const bodies = createBodies(database);
  const view = new QueueView();
  const group = createCommitGroup({ database, membership, onFault, onCommit });
  const readerOf = (message: SpooledMessage, content: KeptContent): ContentReader =>
    Buffer.isBuffer(content)
      ? {
          inMemory: content,
          async *stream() {
            if (content.length > 0) yield content;
          },
        }
      : {
          inMemory: undefined,
          stream: () => bodies.read(message.id, message.content.sizeBytes, content.bodyCrc),
        };

  // flow
  const handover = createHandover(memoryBudgetBytes, onFault);
  const lives = createLiveMessages(
    readerOf,
    ({ freshBytes }) => handover.free(freshBytes),
    () => membership.isSafe,
  );
  const finished = createFinished({ database, lives });
  const isChores = (): boolean => membership.isChores;
  const answers = createNodeAnswers({
    clock,
    database,
    membership,
    atMost: answersAtMost,
    onCrowded: onAnswersCrowded,
  });
  const releases = createReleases({ group, view, lives });
  /** Its client was told to come again: it is taken back where nobody has it yet. */
  const onAbandoned = ({ accept: { id, arrivedAt, isOwned, chunks } }: Arrival): void => {
    if (!isOwned) return;
    const end = { id, queue: submissionQueue, was: -1, arrivedAt, isShared: false, isLarge: chunks > 0 };
    group.run({ end: { ...end, left: undefined, moves: [] }, accepts: [] }).catch(() => undefined);
  };
  const arrivals = createArrivals({
    clock,
    membership,
    group,
    view,
    lives,
    handover,
    answers,
    releases,
    onAbandoned,
  });
  const damage = createDamage({ database, membership, group, view, lives, finished, onFault });
  const claiming = createClaiming({ database, membership, group, view, lives, damage, earlier });
  const settle = createSettle({
    clock,
    inlineLimitBytes,
    bodies,
    group,
    view,
    lives,
    arrivals,
    finished,
    offerLate: createLateDones({ database, finished }),
    drawId,
    onFault,
  });
  const interventions = createInterventions({ clock, database, group, view, lives, claiming, releases });
  const inspection = createInspection({ database, group, earlier, readerOf });

  // others
  let onLost: (claims: readonly Claim[]) => void = () => undefined;
  let onFound: () => void = () => undefined;
  membership.onEnded(() => {
    const lost = lives.endAll();
    if (lost.length > 0) onLost(lost);
  });
  const poll = createViewPoll({ database, group, view, answers, onFound: () => onFound() });
  membership.onSafe(() => {
    poll.soon();
    onFound();
  });
  membership.onReaped(() => poll.soon());
  const chores = createChores({ database, membership, clock, onOrphans });
  const recovered = await poll.first();
  const knows = (id: MessageId): boolean => lives.find(id) !== undefined || arrivals.isArriving(id);
  const reckoning = createReckoning({ database, membership, group, knows, onFreed, onWentBack });

  const openDrafts = new Set<Draft>();
  const whileOpen = async <Answer>(ask: () => Answer | Promise<Answer>): Promise<Answer> => {
    if (group.closed) throw closedFault();
    return ask();
  };

  const ended = (draft: Draft): void => void openDrafts.delete(draft);
  const drafts: DraftPlace<BodyWriter> = {
    inlineLimitBytes,
    beginBody: (id) => bodies.begin(id),
    onTaken: ended,
    onDiscarded: ended,
  };

  return {
    recovered,
    misplaced: undefined,
    get away() {
      return membership.fault ?? group.stuck;
    },
    get isOwner() {
      return membership.isSafe;
    },
    get size() {
      return view.size;
    },

    begin() {
      const draft = new StoredDraft(drawId(), drafts);
      openDrafts.add(draft);
      return draft;
    },
    accept(draft, envelope, origin, facts, beside) {
      openDrafts.delete(draft);
      return whileOpen(() =>
        arrivals.accept(draft as StoredDraft<BodyWriter>, envelope, origin, facts, beside),
      );
    },
    answers: {
      ask: (key) => whileOpen(() => answers.ask(key)),
      get size() {
        return answers.size;
      },
    },
    onAccepted: (fresh) => handover.listen(fresh),
    onLost(listener) {
      onLost = listener;
    },
    onFound(listener) {
      onFound = listener;
    },
    onDamaged: (listener) => damage.listen(listener),
    whenFinished: (id) => finished.when(id),

    claim: (queue, limit, now) => whileOpen(() => (isDraining() ? [] : claiming.due(queue, limit, now))),
    claimMessage: (queue, id) => whileOpen(() => claiming.message(queue, id)),
    walkOld: () => walkOld({ clock, database, isChores, group, claiming, earlier }),
    settle: (claim, changes, reports = []) => settle(claim as HeldClaim, changes, reports),
    release: (claim, notBefore) => releases.release(claim as HeldClaim, notBefore),
    setAside: (claim, what) => whileOpen(() => damage.claim(claim as HeldClaim, what)),

    resubmit: (queue, suspendedToo = false, to = submissionQueue) =>
      whileOpen(() => interventions.resubmit(queue, suspendedToo, to)),
    suspend: (queue, id, suspended) => whileOpen(() => interventions.suspend(queue, id, suspended)),

    nextDueAt: (queue) => (group.closed || isDraining() ? undefined : view.nextDueAt(queue)),
    messagesIn: (queue) => (group.closed ? 0 : view.messagesIn(queue)),
    queues: () => (group.closed ? [] : view.summaries()),
    list: (queue, limit, search) => whileOpen(() => inspection.list(queue, limit, search)),
    find: (id) => whileOpen(() => inspection.find(id)),
    countDeferred: (queue, now) => whileOpen(() => inspection.countDeferred(queue, now)),
    oldestSince: async (queue) => (group.closed ? undefined : inspection.oldestSince(queue)),

    async close() {
      if (group.closed) return;
      poll.close();
      chores.close();
      reckoning.close();
      answers.close();
      for (const draft of openDrafts) draft.discard();
      await group.close();
      finished.close();
      for (const claim of lives.endAll()) claim.ended = true;
    },
  };
}
