/** A group of tasks as the arguments of `commit_3` (schema/spool-functions.ts), and its answer. */
import type { MessageId } from "../../core/message/envelope.ts";
import type { QueueName } from "../../spool/spool.ts";

/** Recipients that go into a queue. */
export interface Move {
  readonly queue: QueueName;
  readonly dueAt: number;
  readonly state: Buffer;
}

/** A claim that ends. */
export interface End {
  readonly id: MessageId;
  readonly queue: QueueName;
  /** Octets of state when it was claimed; -1: none. */
  readonly was: number;
  readonly arrivedAt: number;
  /** The message may have something in another queue. */
  readonly isShared: boolean;
  /** Its content has chunks. */
  readonly isLarge: boolean;
  /** What is left in its queue: as it was, something else, or nothing. */
  readonly left: "same" | Omit<Move, "queue"> | undefined;
  readonly moves: readonly Move[];
}

/** A message that is accepted. */
export interface Accept {
  readonly id: MessageId;
  readonly arrivedAt: number;
  readonly isOwned: boolean;
  readonly record: Buffer;
  /** Of its content; 0: it stands in the record. */
  readonly chunks: number;
}

export interface KeptWith {
  /** 32 octets. */
  readonly hash: Buffer;
  readonly record: Buffer;
  readonly keptUntil: number;
}

/** What is done together or not at all. With an end, the rest is done only where that claim was not lost. */
export interface Work {
  readonly end?: End;
  readonly accepts: readonly Accept[];
  readonly answer?: KeptWith;
}

export interface CommitAnswer {
  /** Indexes of the work whose claim was lost. */
  readonly lost: ReadonlySet<number>;
  readonly newAnswers: number;
}

export const commitArguments = Array.from({ length: 28 }, (_, n) => `$${n + 1}`).join(", ");

export function encodeCommit(nodeId: number, seq: number, group: readonly Work[]): readonly unknown[] {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const put = (octets: Buffer): number => {
    const at = bytes;
    chunks.push(octets);
    bytes += octets.length;
    return at;
  };
  const c = columns(9);
  const m = columns(6);
  const a = columns(7);
  const n = columns(3);
  /** How often a message's entry in a queue is written: one statement takes each once. */
  const rounds = new Map<string, number>();
  let claim = 0;
  for (const { end, accepts, answer } of group) {
    if (end !== undefined) {
      claim++;
      const { left } = end;
      const isSame = left === "same";
      const changed = isSame ? undefined : left;
      c.add(
        end.id,
        end.queue,
        end.was,
        changed?.dueAt ?? null,
        isSame ? -1 : changed === undefined ? 0 : put(changed.state),
        changed?.state.length ?? 0,
        end.arrivedAt,
        end.isShared,
        end.isLarge,
      );
      for (const { queue, dueAt, state } of end.moves) {
        const key = `${end.id} ${queue}`;
        const round = rounds.get(key) ?? 0;
        rounds.set(key, round + 1);
        m.add(claim, queue, dueAt, put(state), state.length, round);
      }
    }
    for (const { id, arrivedAt, isOwned, record, chunks: count } of accepts)
      a.add(id, arrivedAt, isOwned, put(record), record.length, count, end === undefined ? 0 : claim);
    if (answer !== undefined) {
      n.add(put(answer.hash), answer.record.length, answer.keptUntil);
      put(answer.record);
    }
  }
  return [nodeId, seq, Buffer.concat(chunks, bytes), ...c.all, ...m.all, ...a.all, ...n.all];
}

export function decodeCommit(told: string, group: readonly Work[]): CommitAnswer {
  const [lostClaims = "", answers = "0"] = told.split("|");
  const newAnswers = Number(answers);
  if (lostClaims === "") return { lost: none, newAnswers };
  const numbers = new Set(lostClaims.split(",").map(Number));
  const lost = new Set<number>();
  let claim = 0;
  for (const [at, { end }] of group.entries()) {
    if (end !== undefined && numbers.has(++claim)) lost.add(at);
  }
  return { lost, newAnswers };
}

const none: ReadonlySet<number> = new Set();

function columns(count: number): {
  readonly all: readonly unknown[][];
  add(...values: readonly unknown[]): void;
} {
  const all = Array.from({ length: count }, (): unknown[] => []);
  return {
    all,
    add(...values) {
      for (const [at, value] of values.entries()) all[at]?.push(value);
    },
  };
}
