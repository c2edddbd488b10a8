/** A group of tasks as the arguments of `commit_5` (schema/commit-lanes.ts, turning-rows.ts), and its answer. */
import type { MessageId } from "../../core/message/envelope.ts";
import { submissionQueue, type QueueName } from "../../spool/spool.ts";
import {
  bigintArray,
  bigintValue,
  booleanValue,
  float8Array,
  intValue,
  textArray,
  type BinaryValue,
} from "../database/binary-values.ts";

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

export const commitArguments = Array.from({ length: 14 }, (_, n) => `$${n + 1}`).join(", ");

/** What most mail needs: taken fresh, in this queue alone, and finished. */
function isPlain({ end, accepts, answer }: Work): boolean {
  return (
    end !== undefined &&
    end.queue === submissionQueue &&
    end.was === -1 &&
    end.left === undefined &&
    !end.isShared &&
    !end.isLarge &&
    end.moves.length === 0 &&
    accepts.length === 0 &&
    answer === undefined
  );
}

const asItIs = -1;
const nothing = -2;

export function encodeCommit(
  nodeId: number,
  lane: number,
  seq: number,
  group: readonly Work[],
): readonly BinaryValue[] {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const put = (octets: Buffer): number => {
    const at = bytes;
    pieces.push(octets);
    bytes += octets.length;
    return at;
  };
  const plain: number[] = [];
  const acceptNumbers: number[] = [];
  const ends: number[] = [];
  const queues: string[] = [];
  const moveNumbers: number[] = [];
  const moveQueues: string[] = [];
  const chunkNumbers: number[] = [];
  const answers: number[] = [];
  let isShared = false;
  let isLarge = false;
  /** How often a message's entry in a queue is written: one statement takes each once. */
  const rounds = new Map<string, number>();
  for (const work of group) {
    const { end, accepts, answer } = work;
    if (end !== undefined && isPlain(work)) {
      plain.push(end.id);
      continue;
    }
    if (end !== undefined) {
      const { id, queue, was, arrivedAt, left, moves } = end;
      queues.push(queue);
      const at = left === undefined ? nothing : left === "same" ? asItIs : put(left.state);
      const [dueAt, length] = typeof left === "object" ? [left.dueAt, left.state.length] : [0, 0];
      ends.push(id, was, dueAt, at, length, arrivedAt, Number(end.isShared), Number(end.isLarge));
      isShared ||= end.isShared;
      isLarge ||= end.isLarge;
      for (const move of moves) {
        const key = `${id} ${move.queue}`;
        const round = rounds.get(key) ?? 0;
        rounds.set(key, round + 1);
        moveQueues.push(move.queue);
        moveNumbers.push(queues.length, move.dueAt, put(move.state), move.state.length, round);
      }
    }
    const claim = end === undefined ? 0 : queues.length;
    for (const { id, arrivedAt, isOwned, record, chunks } of accepts) {
      acceptNumbers.push(id, arrivedAt, Number(isOwned), put(record), record.length, claim);
      if (chunks > 0) chunkNumbers.push(id, chunks);
    }
    if (answer !== undefined) {
      answers.push(put(answer.hash), answer.record.length, answer.keptUntil);
      put(answer.record);
    }
  }
  return [
    intValue(nodeId),
    intValue(lane),
    bigintValue(seq),
    bigintArray(plain),
    float8Array(acceptNumbers),
    float8Array(ends),
    textArray(queues),
    float8Array(moveNumbers),
    textArray(moveQueues),
    float8Array(chunkNumbers),
    float8Array(answers),
    booleanValue(isShared),
    booleanValue(isLarge),
    { pieces, bytes },
  ];
}

export function decodeCommit(told: string, group: readonly Work[]): CommitAnswer {
  const [lostEnds = "", answers = "0", lostPlain = ""] = told.split("|");
  const newAnswers = Number(answers);
  if (lostEnds === "" && lostPlain === "") return { lost: none, newAnswers };
  const numbersOf = (list: string): ReadonlySet<number> => new Set(list.split(",").map(Number));
  const [lostOfEnds, lostOfPlain] = [numbersOf(lostEnds), numbersOf(lostPlain)];
  const lost = new Set<number>();
  let end = 0;
  let plain = 0;
  for (const [at, work] of group.entries()) {
    if (work.end === undefined) continue;
    if (isPlain(work) ? lostOfPlain.has(++plain) : lostOfEnds.has(++end)) lost.add(at);
  }
  return { lost, newAnswers };
}

const none: ReadonlySet<number> = new Set();
