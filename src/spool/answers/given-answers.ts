/** The answers of the durable spool: asked for, and written in the commit of their messages. */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import type { GroupCommit } from "../store/group-commit.ts";
import type { Store } from "../store/journaled-store.ts";
import type { Write } from "../store/store.ts";
import type { AnswerKey, Asked, NewAnswer } from "../spool-answers.ts";
import { decodeAnswer, encodeAnswer, endKey } from "./answer-record.ts";
import { forgetting } from "./forgetting.ts";
import { answerHash, createTurns, type Turn } from "./turns.ts";

export interface GivenAnswers {
  readonly size: number;
  ask(key: AnswerKey): Asked;
  /** An answer about to be written; its writes are to be committed before anything else is awaited. */
  prepare(answer: NewAnswer, id: MessageId): PreparedAnswer;
  close(): void;
}

export interface PreparedAnswer {
  readonly writes: readonly Write[];
  /** It is durable. */
  kept(): void;
}

/** `atMost`: of more the oldest are forgotten before their time, and `onCrowded` hears when that begins. */
export function givenAnswers(parts: {
  readonly clock: Clock;
  readonly store: Pick<Store, "tables" | "count">;
  readonly group: GroupCommit;
  readonly atMost: number;
  readonly onCrowded: (kept: number) => void;
}): GivenAnswers {
  const { clock, store } = parts;
  const turns = createTurns();
  const forgets = forgetting({
    ...parts,
    count: store.count("answerEnds"),
    isBusy: (hash) => turns.running(hash) !== undefined,
  });

  return {
    get size() {
      return forgets.count;
    },
    ask(key) {
      const hash = answerHash(key);
      const ended = turns.running(hash);
      if (ended !== undefined) return { kind: "running", ended };
      const record = store.tables.answers.getBinary(hash);
      const stored = record && decodeAnswer(record);
      if (stored === undefined || stored.keptUntil <= clock.now())
        return { kind: "first", turn: turns.begin(hash) };
      const { id, fingerprint, answer, givenAt } = stored;
      return { kind: "answered", kept: { id, fingerprint, answer, givenAt } };
    },
    prepare({ turn, fingerprint, answer, windowMs }, id) {
      const { hash, isOver } = turn as Turn;
      if (isOver) throw new Error("the turn of this answer is over");
      const givenAt = clock.now();
      const keptUntil = givenAt + windowMs;
      const value = encodeAnswer({ id, fingerprint, answer, givenAt, keptUntil });
      const before = store.tables.answers.getBinary(hash);
      const old = before && decodeAnswer(before);
      const writes: Write[] = [
        { table: "answers", key: hash, value, isNew: before === undefined },
        { table: "answerEnds", key: endKey(keptUntil, hash), value: noValue, isNew: old === undefined },
      ];
      if (old !== undefined)
        writes.unshift({ table: "answerEnds", key: endKey(old.keptUntil, hash), value: undefined });
      // Its end is decided before this one's: it was handed over first.
      const removal = forgets.removalOf(hash);
      return {
        writes,
        kept: () => {
          if (old === undefined || removal?.isDone === true) forgets.added();
        },
      };
    },
    close: () => forgets.close(),
  };
}

const noValue = Buffer.alloc(0);
