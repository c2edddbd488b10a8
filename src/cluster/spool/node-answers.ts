/**
 * Answers that were given (src/spool/spool-answers.ts), kept for all nodes in the commits of their messages. Whose turn it is
 * under a key is each node's own: two that hand in the same message at the same moment to two nodes are both first.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock, Timer } from "../../ports/ports.ts";
import { decodeAnswer, encodeAnswer } from "../../spool/answers/answer-record.ts";
import { answerHash, createTurns, type Turn } from "../../spool/answers/turns.ts";
import { SpoolError } from "../../spool/spool.ts";
import type { AnswerKey, Asked, NewAnswer } from "../../spool/spool-answers.ts";
import type { Database } from "../database/database.ts";
import type { KeptWith } from "./commit-call.ts";

export interface NodeAnswers {
  size: number;
  ask(key: AnswerKey): Promise<Asked>;
  prepare(answer: NewAnswer, id: MessageId): KeptWith;
  /** A message is durable with its answer. */
  kept(isNew: boolean): void;
  close(): void;
}

const roundMs = 10_000;
const portion = 256;

export function createNodeAnswers(parts: {
  readonly clock: Clock;
  readonly database: Pick<Database, "reads" | "name">;
  readonly isChores: () => boolean;
  readonly atMost: number;
  readonly onCrowded: (kept: number) => void;
}): NodeAnswers {
  const { clock, database, isChores, atMost, onCrowded } = parts;
  const table = database.name("answer");
  const forgetText = database.name("forget_answers_1");
  const turns = createTurns();
  let timer: Timer | undefined;
  let closed = false;
  let isCrowded = false;
  let changes = 0;

  const remove = async (before: number, many: number): Promise<number> => {
    const [row] = await database.reads.query<{ gone: string }>(`select ${forgetText}($1, $2) as gone`, [
      before,
      many,
    ]);
    const gone = Number(row?.gone ?? 0);
    self.size = Math.max(0, self.size - gone);
    return gone;
  };

  const forget = async (): Promise<void> => {
    while (!closed && (await remove(clock.now(), portion)) > 0);
    const isOver = self.size > atMost;
    if (isOver && !isCrowded) onCrowded(self.size);
    isCrowded = isOver;
    while (!closed && self.size > atMost)
      if ((await remove(Number.MAX_VALUE, Math.min(portion, self.size - atMost))) === 0) return;
  };

  /** No timer while there is none. */
  const plan = (): void => {
    if (closed || self.size === 0) return;
    timer ??= clock.after(roundMs, () => {
      (isChores() ? forget() : Promise.resolve())
        // It is tried again in the next round.
        .catch(() => undefined)
        .finally(() => {
          timer = undefined;
          plan();
        });
    });
  };

  let size = 0;
  const self: NodeAnswers = {
    get size() {
      return size;
    },
    set size(count) {
      size = count;
      plan();
    },
    async ask(key) {
      const hash = answerHash(key);
      const first = turns.running(hash);
      if (first !== undefined) return { kind: "running", ended: first };
      const before = changes;
      const [row] = await database.reads
        .query<{ record: Buffer }>(`select record from ${table} where hash = $1`, [hash])
        .catch((error: unknown) => {
          throw new SpoolError("away", `answers cannot be read: ${String(error)}`, { cause: error });
        });
      // Another may have begun meanwhile.
      const ended = turns.running(hash);
      if (ended !== undefined) return { kind: "running", ended };
      // It may have been the one asked for.
      if (before !== changes) return this.ask(key);
      const stored = row && decodeAnswer(row.record);
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
      return { hash, record: encodeAnswer({ id, fingerprint, answer, givenAt, keptUntil }), keptUntil };
    },
    kept(isNew) {
      changes++;
      if (isNew) self.size = size + 1;
    },
    close() {
      closed = true;
      timer?.cancel();
    },
  };
  return self;
}
