/**
 * Group commit: what is gathered while commits are in flight shares the next one, as in the spool of one machine
 * (src/spool/store/group-commit.ts), and a lone task is committed with the next turn of the event loop. A commit is one call; two are in flight where there is enough for both, in lanes, so that one is
 * worked on while the other is written to the disk. Work of the two has no order: what must follow waits for its outcome. A call without an answer is made again with the same number,
 * and the database does it once, so the same work stays together until it is known. What was accepted is given up on after
 * a time, for its client waits, and when this node's lease is about to end, for its client's place will be another's; what
 * has happened already (a delivery) never.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import { SpoolError, type QueueName } from "../../spool/spool.ts";
import { isEnded, isOfValue, isOutOfRoom, isTurnLost } from "../database/database-fault.ts";
import { DatabaseFault } from "../../ports/database-fault.ts";
import type { Database } from "../database/database.ts";
import { statementOf } from "../database/function-call.ts";
import type { Session } from "../database/session.ts";
import { commitLanes, type Membership } from "../membership/membership.ts";
import { commitArguments, decodeCommit, encodeCommit, type CommitAnswer, type Work } from "./commit-call.ts";
import { noChange, type ViewChange } from "./queue-view.ts";

export interface Task extends Work {
  /** Of the incarnation that holds the claim. */
  readonly nodeId?: number;
  /** Applied to the view already, before it is durable. */
  readonly seen?: ViewChange;
  /** Nobody waits for it any more: what is done all the same is undone. */
  readonly onAbandoned?: () => void;
}

export interface TaskOutcome {
  /** Its claim had ended: nothing of it is done. */
  readonly isLost: boolean;
  readonly isNewAnswer: boolean;
  /** The incarnation that did it. */
  readonly nodeId: number;
}

export interface CommitGroup {
  readonly closed: boolean;
  /** Rejects with SpoolError when nothing of it is kept, or `undecided`. Of what has an end only with `closed`. */
  run(task: Task): Promise<TaskOutcome>;
  /** Whether commits wait for one, as far as is known. Default: no. */
  waitsForStandby(has: boolean): void;
  /** Runs between two commits, when none is in flight. */
  between<Answer>(ask: () => Promise<Answer>): Promise<Answer>;
  /** Commits have not gone through for a while: why. */
  readonly stuck: string | undefined;
  /** Resolves when everything handed over so far was tried. */
  tried(): Promise<void>;
  /** Work that is gathered touches this queue. */
  touches(queue: QueueName): boolean;
  /** Work that has no outcome yet, or whose outcome is about to be undone, is about this message. */
  isBusyWith(id: MessageId): boolean;
  /** By lane, the last commit that the database has confirmed, of this incarnation. 0: none. */
  confirmed(nodeId: number): readonly number[];
  /** What the view shows and the database does not know yet. */
  unseen(): ViewChange[];
  close(): Promise<void>;
}

interface Waiting {
  readonly task: Task;
  /** They are handed over by rising numbers, and come in that order. */
  readonly number: number;
  readonly since: number;
  isGivenUp: boolean;
  readonly resolve: (outcome: TaskOutcome) => void;
  readonly reject: (error: SpoolError) => void;
}

interface Lane {
  readonly number: number;
  readonly session: Pick<Session, "callFunction">;
  flying: readonly Waiting[];
  /** What flies was tried once. */
  isTried: boolean;
  /** It may be done: it was sent, and there is no answer. */
  isUnknown: boolean;
  last: { readonly nodeId: number; readonly seq: number };
}

/** So much is worth a call of its own while another is in flight; and where that one waits for a standby as well. */
const ownCallWorks = 32;
const ownCallWorksOfStandby = 10;
/** So long a call waits at most for what comes turn after turn. */
const gatherMs = 2;
const againMs = 100;
/** So long a client waits for its 250 while the database fails over. */
const acceptMs = 30_000;
/** How soon it is seen that its time is up, whatever a call that is under way does. */
const lookMs = 500;
/** So long nothing goes through before no more is taken. */
const stuckMs = 10_000;
const closeMs = 10_000;

export function createCommitGroup(options: {
  readonly database: Pick<Database, "commits" | "name">;
  readonly membership: Membership;
  readonly onFault: (fault: SpoolError) => void;
  readonly onCommit: (works: number, elapsedMs: number) => void;
}): CommitGroup {
  const { database, membership, onFault, onCommit } = options;
  const statement = statementOf(`select ${database.name("commit_5")}(${commitArguments}) as told`);
  const lanes = database.commits.slice(0, commitLanes).map((session, number): Lane => ({
    number,
    session,
    flying: [],
    isTried: false,
    isUnknown: false,
    last: { nodeId: 0, seq: 0 },
  }));
  let gathering: Waiting[] = [];
  let between: (() => Promise<void>)[] = [];
  let triers: { readonly upTo: number; readonly tell: () => void }[] = [];
  let handedOver = 0;
  let enoughWorks = ownCallWorks;
  let isStarting = false;
  let isBetween = false;
  let idle: (() => void)[] = [];
  let seq = 0;
  /** They wait for another try. */
  const waitingAgain = new Set<Waiting>();
  let closed = false;
  let closeBy = Number.POSITIVE_INFINITY;
  /** Since when nothing went through. `performance.now()`. */
  let trouble: { readonly since: number; readonly what: string } | undefined;

  const isFlying = ({ flying }: Lane): boolean => flying.length > 0;
  const isIdle = (): boolean =>
    !isStarting && !isBetween && gathering.length === 0 && between.length === 0 && !lanes.some(isFlying);

  /** Whose work was all tried is told so. */
  const tellTried = (): void => {
    if (triers.length > 0) {
      const untried = lanes.filter((lane) => isFlying(lane) && !lane.isTried).map(({ flying }) => flying);
      const first = Math.min(
        ...[...untried, gathering].map(([one]) => one?.number ?? Number.POSITIVE_INFINITY),
      );
      const told = triers.filter(({ upTo }) => upTo < first);
      triers = triers.filter(({ upTo }) => upTo >= first);
      for (const { tell } of told) tell();
    }
    if (!isIdle()) return;
    const all = idle;
    idle = [];
    for (const tell of all) tell();
  };

  /**
   * A call that is begun costs both processes as much as some messages do, so it waits while each turn of the event loop brings more to it, from other
   * connections or from whoever waited for the last one.
   */
  const start = (): void => {
    if (isStarting) return;
    isStarting = true;
    process.nextTick(() => {
      const since = performance.now();
      let seen = gathering.length;
      const turn = (): void => {
        const isMore =
          gathering.length > seen && gathering.length < enoughWorks && performance.now() - since < gatherMs;
        seen = gathering.length;
        if (isMore) return void setImmediate(turn);
        isStarting = false;
        fly();
        tellTried();
      };
      setImmediate(turn);
    });
  };

  const fly = (): void => {
    if (isBetween) return;
    if (between.length > 0) {
      if (!lanes.some(isFlying)) void askBetween();
      return;
    }
    for (const lane of lanes) {
      if (isFlying(lane)) continue;
      const isAlone = !lanes.some(isFlying);
      if (gathering.length < (isAlone ? 1 : enoughWorks)) return;
      // The other lane has its half.
      const isForTwo = isAlone && lanes.length > 1 && gathering.length >= 2 * enoughWorks;
      void commitIn(lane, gathering.splice(0, isForTwo ? gathering.length >> 1 : gathering.length));
    }
  };

  const askBetween = async (): Promise<void> => {
    isBetween = true;
    const asked = between;
    between = [];
    for (const ask of asked) await ask();
    isBetween = false;
    start();
  };

  const commitIn = async (lane: Lane, group: readonly Waiting[]): Promise<void> => {
    lane.flying = group;
    lane.isTried = false;
    await commitAll(lane, group);
    lane.flying = [];
    start();
  };

  /** Until each is done or given up. */
  const commitAll = async (lane: Lane, group: readonly Waiting[]): Promise<void> => {
    const outcome = await attempt(lane, group);
    if (outcome === undefined) return;
    // One of them is at fault, or there is no room: in halves down to single ones.
    if (group.length > 1) {
      const half = group.length >> 1;
      await commitAll(lane, group.slice(0, half));
      await commitAll(lane, group.slice(half));
      return;
    }
    const [one] = group as [Waiting];
    onFault(outcome);
    if (one.task.end === undefined || closed) {
      return one.reject(outcome);
    }
    // It has happened. It comes again behind what waits.
    waitingAgain.add(one);
    setTimeout(() => {
      waitingAgain.delete(one);
      gathering.push(one);
      start();
    }, againMs * 5).unref();
  };

  /** Undefined: it is decided for each of them. Else what was refused: nothing of it is done. */
  const attempt = async (lane: Lane, all: readonly Waiting[]): Promise<SpoolError | undefined> => {
    const number = ++seq;
    let isUnknown = (lane.isUnknown = false);
    let nodeId: number | undefined;
    let group = all;
    for (;;) {
      // Nobody waits for them any more, and nothing of them was sent that may be done.
      if (!isUnknown) group = group.filter(({ isGivenUp }) => !isGivenUp);
      if (group.length === 0) return undefined;
      if (nodeId === undefined && membership.current !== undefined) {
        ({ nodeId } = membership.current);
        group = endLost(group, nodeId);
        if (group.length === 0) return undefined;
      }
      const startedAt = performance.now();
      try {
        if (nodeId === undefined) throw new DatabaseFault("unreachable", membership.fault ?? "no node");
        const values = encodeCommit(nodeId, lane.number, number, works(group));
        lane.isUnknown = true;
        const told = await lane.session.callFunction(statement, values);
        trouble = undefined;
        lane.last = { nodeId, seq: number };
        onCommit(group.length, performance.now() - startedAt);
        finish(group, decodeCommit(told ?? "|0", works(group)), nodeId);
        return undefined;
      } catch (error) {
        if (isEnded(error)) {
          // Before all that is under way is given up as unknown: of this it is known.
          for (const one of group) endedNow(one, isUnknown);
          membership.ended(nodeId ?? 0);
          return undefined;
        }
        const fault = error as DatabaseFault;
        if (fault.kind === "refused" && (isOfValue(fault) || isOutOfRoom(fault)))
          return new SpoolError(kindOf(fault), fault.message, { cause: fault });
        if (fault.kind === "lost") isUnknown = true;
        trouble = { since: trouble?.since ?? startedAt, what: fault.message };
        onFault(new SpoolError("failed", `the database: ${fault.message}`, { cause: fault }));
      }
      lane.isUnknown = isUnknown;
      lane.isTried = true;
      tellTried();
      group = giveUpLate(group, isUnknown);
      if (group.length === 0) return undefined;
      if (performance.now() > closeBy) {
        for (const one of group) one.reject(closedFault());
        return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, againMs * (0.5 + Math.random())));
    }
  };

  /** Claims of an incarnation that has ended are others'. Answers with the rest. */
  const endLost = (group: readonly Waiting[], nodeId: number): readonly Waiting[] =>
    group.filter((one) => {
      const isMine = one.task.nodeId === undefined || one.task.nodeId === nodeId;
      if (!isMine) one.resolve(lostOutcome);
      return isMine;
    });

  const endedNow = (one: Waiting, isUnknown: boolean): void => {
    if (one.isGivenUp) return;
    if (one.task.end !== undefined) return one.resolve(lostOutcome);
    one.reject(
      new SpoolError(isUnknown ? "undecided" : "away", "the database took this node for dead meanwhile"),
    );
  };

  /** Whose client has waited too long. What may be done already stays in its group until that is known. */
  const giveUpLate = (group: readonly Waiting[], isUnknown: boolean): Waiting[] =>
    group.filter((one) => {
      if (one.task.end !== undefined || (!one.isGivenUp && !isLate(one))) return true;
      giveUp(one, isUnknown);
      return isUnknown;
    });

  const isLate = ({ since }: Waiting): boolean => performance.now() - since >= acceptMs;

  /** Whatever call has no answer, and what is gathered behind it: of that nothing is done. */
  const looks = setInterval(() => {
    for (const { flying, isUnknown } of lanes)
      for (const one of flying) if (isLate(one)) giveUp(one, isUnknown);
    gathering = giveUpLate(gathering, false);
  }, lookMs).unref();

  const giveUp = (one: Waiting, isUnknown: boolean): void => {
    if (one.isGivenUp || one.task.end !== undefined) return;
    one.isGivenUp = true;
    const why = membership.fault ?? trouble?.what ?? "the database does not answer";
    one.reject(new SpoolError(isUnknown ? "undecided" : "away", why));
  };

  membership.onUnsafe(() => {
    for (const { flying } of lanes) for (const one of flying) giveUp(one, true);
    for (const one of gathering) giveUp(one, false);
    gathering = gathering.filter(({ isGivenUp }) => !isGivenUp);
  });

  const finish = (group: readonly Waiting[], { lost, newAnswers }: CommitAnswer, nodeId: number): void => {
    let isNew = newAnswers;
    for (const [at, one] of group.entries()) {
      if (one.isGivenUp) {
        one.task.onAbandoned?.();
        continue;
      }
      const isNewAnswer = one.task.answer !== undefined && isNew-- > 0;
      one.resolve({ isLost: lost.has(at), isNewAnswer, nodeId });
    }
  };

  return {
    get closed() {
      return closed;
    },
    run(task) {
      if (closed) return Promise.reject(closedFault());
      return new Promise((resolve, reject) => {
        const number = ++handedOver;
        const one: Waiting = { task, number, since: performance.now(), isGivenUp: false, resolve, reject };
        gathering.push(one);
        // A call that is in flight starts the next one when it comes back.
        if (gathering.length >= enoughWorks || !lanes.some(isFlying)) start();
      });
    },
    waitsForStandby(has) {
      enoughWorks = has ? ownCallWorksOfStandby : ownCallWorks;
    },
    between<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
      if (closed) return Promise.reject(closedFault());
      return new Promise((resolve, reject) => {
        between.push(async () => {
          try {
            resolve(await ask());
            trouble = undefined;
          } catch (error) {
            reject(error);
          }
        });
        start();
      });
    },
    get stuck() {
      if (trouble === undefined || performance.now() - trouble.since < stuckMs) return undefined;
      return trouble.what;
    },
    tried: () =>
      isIdle()
        ? Promise.resolve()
        : new Promise((tell) => {
            triers.push({ upTo: handedOver, tell });
          }),
    touches(queue) {
      for (const list of [gathering, ...lanes.map(({ flying }) => flying)])
        for (const { task } of list)
          if (
            task.end?.queue === queue ||
            task.end?.moves.some((move) => move.queue === queue) === true ||
            (queue === "" && task.accepts.length > 0)
          )
            return true;
      return false;
    },
    isBusyWith(id) {
      for (const list of [gathering, waitingAgain, ...lanes.map(({ flying }) => flying)])
        for (const { task } of list)
          if (task.end?.id === id || task.accepts.some((accept) => accept.id === id)) return true;
      return false;
    },
    confirmed: (nodeId) => lanes.map(({ last }) => (last.nodeId === nodeId ? last.seq : 0)),
    unseen: () => gathering.map(({ task }) => task.seen ?? noChange),
    async close() {
      if (closed) return;
      closed = true;
      closeBy = performance.now() + closeMs;
      if (!isIdle()) await new Promise<void>((resolve) => idle.push(resolve));
      clearInterval(looks);
    },
  };
}

function kindOf(fault: DatabaseFault): "full" | "away" | "failed" {
  if (isOutOfRoom(fault)) return "full";
  return isTurnLost(fault) ? "away" : "failed";
}

const lostOutcome: TaskOutcome = { isLost: true, isNewAnswer: false, nodeId: 0 };

function works(group: readonly Waiting[]): readonly Work[] {
  return group.map(({ task }) => task);
}

export function closedFault(): SpoolError {
  return new SpoolError("closed", "the spool is closed");
}
