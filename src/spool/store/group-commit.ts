/**
 * Group commit: tasks gathered while a commit is in flight share the next one; a lone task is committed at
 * once, with whatever else the same turn of the event loop brings. No delay is ever added. All tasks of a group share one promise.
 *
 * Tasks are of two kinds. `once`: rejected when their commit fails, nothing of them is kept. `lasting`: what
 * they write has happened already (a delivery), so they are repeated until they succeed. Repeated tasks are
 * tried in halves down to single ones, so that a removal gets through on a full disk although a larger write
 * does not; tasks of the same message keep their order.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock, Timer } from "../../ports/ports.ts";
import type { Write } from "./store.ts";
import { SpoolError } from "../spool.ts";

export interface GroupCommit {
  /** `close` was called. */
  readonly closed: boolean;
  /** Resolves when the writes are durable. Rejects with SpoolError when they are not, and never will be. */
  once(writes: readonly Write[]): Promise<void>;
  /** Resolves when the writes are durable, however long that takes. Rejects with `closed` only. */
  lasting(id: MessageId, writes: readonly Write[]): Promise<void>;
  /** Resolves when all tasks handed over so far have been tried. */
  tried(): Promise<void>;
  /** Tries what there is a last time; afterwards every task is rejected with `closed`. */
  close(): Promise<void>;
}

interface Outcome {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: SpoolError) => void;
}

interface LastingTask {
  readonly id: MessageId;
  readonly writes: readonly Write[];
  readonly group: Group;
}

interface Group {
  readonly writes: Write[];
  readonly lasting: LastingTask[];
  once: Outcome | undefined;
  last: Outcome | undefined;
  tried: Outcome | undefined;
  /** Lasting tasks that are not durable yet. */
  open: number;
}

const repeatAfterMs = 500;
/** Bounds how long one pass over failing tasks keeps new ones waiting. */
const maxFailuresInARow = 16;

export function createGroupCommit(options: {
  clock: Clock;
  commit: (writes: readonly Write[], mayUseReserve: boolean) => Promise<void>;
  onFault: (error: SpoolError) => void;
}): GroupCommit {
  const { clock, commit, onFault } = options;
  let gathering = newGroup();
  let current: Group | undefined;
  /** Resolves when the loop has nothing left to do now; undefined while it does not run. */
  let loopEnd: Outcome | undefined;
  let stuck: LastingTask[] = [];
  let repeat: Timer | undefined;
  let repeatDue = false;
  let triesLeft = 0;
  let closed = false;

  const start = () => {
    if (loopEnd !== undefined) return;
    const end = (loopEnd = newOutcome());
    process.nextTick(() => void loop(end));
  };

  async function loop(end: Outcome) {
    while (repeatDue || !isEmpty(gathering)) {
      if (repeatDue) {
        repeatDue = false;
        triesLeft = maxFailuresInARow;
        stuck = await commitHalves(stuck);
      }
      if (isEmpty(gathering)) continue;
      current = gathering;
      gathering = newGroup();
      await (stuck.length === 0 ? commitGroup(current) : commitBehindStuck(current));
      current.tried?.resolve();
      current = undefined;
      // Whoever waited goes on first, so that what follows from a commit shares the next one.
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
    if (stuck.length > 0 && !closed)
      repeat ??= clock.after(repeatAfterMs, () => {
        repeat = undefined;
        repeatDue = true;
        start();
      });
    loopEnd = undefined;
    end.resolve();
  }

  async function commitGroup(group: Group) {
    try {
      await commit(group.writes, group.once === undefined);
    } catch (error) {
      const fault = faultFrom(error);
      onFault(fault);
      group.once?.reject(fault);
      triesLeft = maxFailuresInARow;
      stuck.push(...(await commitHalves(group.lasting)));
      return;
    }
    group.once?.resolve();
    group.last?.resolve();
  }

  /** Only what does not touch a message whose earlier change is still to be written. */
  async function commitBehindStuck(group: Group) {
    if (group.once !== undefined) {
      const lasting = new Set(group.lasting.flatMap(({ writes }) => writes));
      try {
        await commit(
          group.writes.filter((write) => !lasting.has(write)),
          false,
        );
        group.once.resolve();
      } catch (error) {
        group.once.reject(faultFrom(error));
      }
    }
    triesLeft = maxFailuresInARow;
    stuck.push(...(await commitHalves(group.lasting, stuck)));
  }

  /** Commits what can be, nothing of a message of which an earlier task could not; returns what could not. */
  async function commitHalves(
    tasks: readonly LastingTask[],
    earlier: readonly LastingTask[] = [],
  ): Promise<LastingTask[]> {
    const waiting = new Set(earlier.map(({ id }) => id));
    const free = waiting.size === 0 ? tasks : tasks.filter(({ id }) => !waiting.has(id));
    const blocked = waiting.size === 0 ? [] : tasks.filter(({ id }) => waiting.has(id));
    if (free.length === 0 || triesLeft === 0) return [...tasks];
    try {
      await commit(
        free.flatMap(({ writes }) => writes),
        true,
      );
    } catch {
      triesLeft--;
      if (free.length === 1) return [...tasks];
      const half = free.length >> 1;
      const left = await commitHalves(free.slice(0, half));
      const right = await commitHalves(free.slice(half), left);
      const kept = new Set([...left, ...right, ...blocked]);
      return tasks.filter((task) => kept.has(task));
    }
    for (const task of free) finish(task);
    return blocked;
  }

  function finish({ group }: LastingTask) {
    group.open--;
    if (group.open === 0) group.last?.resolve();
  }

  return {
    get closed() {
      return closed;
    },
    once(writes) {
      if (closed) return Promise.reject(closedError());
      for (const write of writes) gathering.writes.push(write);
      const { promise } = (gathering.once ??= newOutcome());
      start();
      return promise;
    },
    lasting(id, writes) {
      if (closed) return Promise.reject(closedError());
      for (const write of writes) gathering.writes.push(write);
      gathering.lasting.push({ id, writes, group: gathering });
      gathering.open++;
      const { promise } = (gathering.last ??= newOutcome());
      start();
      return promise;
    },
    tried() {
      const last = isEmpty(gathering) ? current : gathering;
      if (last === undefined) return Promise.resolve();
      return (last.tried ??= newOutcome()).promise;
    },
    async close() {
      if (closed) return;
      closed = true;
      repeat?.cancel();
      while (loopEnd !== undefined) await loopEnd.promise;
      triesLeft = maxFailuresInARow;
      stuck = await commitHalves(stuck);
      for (const { group } of stuck) group.last?.reject(closedError());
    },
  };
}

function newGroup(): Group {
  return { writes: [], lasting: [], once: undefined, last: undefined, tried: undefined, open: 0 };
}

function isEmpty(group: Group): boolean {
  return group.once === undefined && group.last === undefined;
}

function newOutcome(): Outcome {
  let resolve = (): void => undefined;
  let reject: (fault: SpoolError) => void = () => undefined;
  const promise = new Promise<void>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { promise, resolve, reject };
}

function faultFrom(error: unknown): SpoolError {
  return error instanceof SpoolError ? error : new SpoolError("failed", String(error), { cause: error });
}

export function closedError(): SpoolError {
  return new SpoolError("closed", "the spool is closed");
}
