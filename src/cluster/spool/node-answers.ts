/**
 * Answers that were given (src/spool/spool-answers.ts), kept for all nodes in the commits of their messages. Whose turn it is
 * under a key is a row, so that of two who hand in the same message at the same moment to two nodes one is first; the
 * commit that keeps an answer takes that row away, and is refused where it is not there any more.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock, Timer } from "../../ports/ports.ts";
import { decodeAnswer, encodeAnswer } from "../../spool/answers/answer-record.ts";
import { answerHash, createTurns, type Turn } from "../../spool/answers/turns.ts";
import { SpoolError } from "../../spool/spool.ts";
import type { AnswerKey, AnswerTurn, Asked, NewAnswer } from "../../spool/spool-answers.ts";
import { isEnded } from "../database/database-fault.ts";
import type { Database } from "../database/database.ts";
import type { Membership } from "../membership/membership.ts";
import type { KeptWith } from "./commit-call.ts";

export interface NodeAnswers {
  size: number;
  ask(key: AnswerKey): Promise<Asked>;
  prepare(answer: NewAnswer, id: MessageId): KeptWith;
  /** A message is durable with its answer, and the turn's row is gone. */
  kept(turn: AnswerTurn, isNew: boolean): void;
  close(): void;
}

const roundMs = 10_000;
const portion = 256;
/** How soon it is seen that a turn at another node has ended. Milliseconds. */
const turnLookMs = 100;
const againMs = 250;

/** A turn whose row stands in the database. */
interface SharedTurn extends AnswerTurn {
  readonly own: Turn;
  isKept: boolean;
}

export function createNodeAnswers(parts: {
  readonly clock: Clock;
  readonly database: Pick<Database, "reads" | "name">;
  readonly membership: Pick<Membership, "current" | "fault" | "ended" | "isChores">;
  readonly atMost: number;
  readonly onCrowded: (kept: number) => void;
}): NodeAnswers {
  const { clock, database, membership, atMost, onCrowded } = parts;
  const askText = `select state, record from ${database.name("ask_answer_1")}($1, $2, $3)`;
  const endText = `select ${database.name("end_turns_1")}($1, $2)`;
  const runsText = `select ${database.name("turn_runs_1")}($1) as runs`;
  const forgetText = database.name("forget_answers_1");
  const turns = createTurns();
  let timer: Timer | undefined;
  let closed = false;
  let isCrowded = false;

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
      (membership.isChores ? forget() : Promise.resolve())
        // It is tried again in the next round.
        .catch(() => undefined)
        .finally(() => {
          timer = undefined;
          plan();
        });
    });
  };

  /** Rows to be taken away, by the incarnation whose they are. */
  const over = new Map<string, number>();
  let ending: Promise<void> | undefined;

  /** Never rejects: it is tried until it is done, or they are nobody's because this incarnation has ended. */
  const endRows = async (): Promise<void> => {
    while (over.size > 0 && !closed) {
      const nodeId = membership.current?.nodeId;
      for (const [hash, of] of over) if (of !== nodeId) over.delete(hash);
      const hashes = [...over.keys()];
      if (hashes.length === 0) return;
      // Whoever is told meanwhile that it is first asks again, behind this call.
      for (const hash of hashes) {
        over.delete(hash);
        turnEnded(Buffer.from(hash, "hex"));
      }
      try {
        await database.reads.query(endText, [nodeId, hashes]);
      } catch {
        for (const hash of hashes)
          if (nodeId !== undefined && !turns.running(Buffer.from(hash, "hex"))) over.set(hash, nodeId);
        await new Promise((resolve) => setTimeout(resolve, againMs).unref());
      }
    }
  };

  /** Questions under way: stale where a turn of this node has ended meanwhile, with its row or its answer. */
  const asking = new Map<string, Set<{ isStale: boolean }>>();
  const turnEnded = (hash: Buffer): void => {
    for (const question of asking.get(hash.toString("latin1")) ?? []) question.isStale = true;
  };

  const sharedTurn = (hash: Buffer, nodeId: number): SharedTurn => {
    const own = turns.begin(hash);
    // The row of the one before it is its own.
    over.delete(hash.toString("hex"));
    return {
      own,
      isKept: false,
      end() {
        if (own.isOver) return;
        own.end();
        turnEnded(hash);
        if (this.isKept || closed) return;
        over.set(hash.toString("hex"), nodeId);
        ending ??= endRows().finally(() => (ending = undefined));
      },
    };
  };

  const elsewhere = new Map<string, Promise<void>>();
  /** Resolves when a turn at another node has ended, or nobody can say. */
  const endElsewhere = (hash: Buffer): Promise<void> => {
    const key = hash.toString("latin1");
    let waits = elsewhere.get(key);
    if (waits === undefined) {
      waits = (async () => {
        for (let runs = true; runs && !closed;) {
          await new Promise((resolve) => setTimeout(resolve, turnLookMs).unref());
          const rows = await database.reads.query<{ runs: boolean }>(runsText, [hash]).catch(() => []);
          runs = rows[0]?.runs === true;
        }
        elsewhere.delete(key);
      })();
      elsewhere.set(key, waits);
    }
    return waits;
  };

  const askDatabase = async (
    hash: Buffer,
    nodeId: number | undefined,
  ): Promise<{ readonly state: string; readonly record: Buffer | null }> => {
    try {
      if (nodeId === undefined) throw new Error(membership.fault ?? "the database does not answer");
      const values = [nodeId, hash, clock.now()];
      const [row] = await database.reads.query<{ state: string; record: Buffer | null }>(askText, values);
      return row ?? { state: "first", record: null };
    } catch (error) {
      if (isEnded(error) && nodeId !== undefined) membership.ended(nodeId);
      throw new SpoolError("away", `answers cannot be read: ${String(error)}`, { cause: error });
    }
  };

  const question = async (hash: Buffer, nodeId: number | undefined) => {
    const name = hash.toString("latin1");
    const one = { isStale: false };
    const all = asking.get(name) ?? new Set();
    asking.set(name, all.add(one));
    try {
      return { ...(await askDatabase(hash, nodeId)), isStale: one.isStale };
    } finally {
      all.delete(one);
      if (all.size === 0) asking.delete(name);
    }
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
      const nodeId = membership.current?.nodeId;
      const { state, record, isStale } = await question(hash, nodeId);
      // Another may have begun here meanwhile, under the row that is this node's.
      const ended = turns.running(hash);
      if (ended !== undefined) return { kind: "running", ended };
      if (isStale && state === "first") return this.ask(key);
      if (state === "running") return { kind: "running", ended: endElsewhere(hash) };
      const stored = record === null ? undefined : decodeAnswer(record);
      // One that cannot be read is as none.
      if (stored === undefined) return { kind: "first", turn: sharedTurn(hash, nodeId ?? 0) };
      const { id, fingerprint, answer, givenAt } = stored;
      return { kind: "answered", kept: { id, fingerprint, answer, givenAt } };
    },
    prepare({ turn, fingerprint, answer, windowMs }, id) {
      const { hash, isOver } = (turn as SharedTurn).own;
      if (isOver) throw new Error("the turn of this answer is over");
      const givenAt = clock.now();
      const keptUntil = givenAt + windowMs;
      return { hash, record: encodeAnswer({ id, fingerprint, answer, givenAt, keptUntil }), keptUntil };
    },
    kept(turn, isNew) {
      (turn as SharedTurn).isKept = true;
      if (isNew) self.size = size + 1;
    },
    close() {
      closed = true;
      timer?.cancel();
    },
  };
  return self;
}
