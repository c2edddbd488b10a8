/**
 * Looks at the queues in the database, for what others do: when the first entry of each is due, every second; how much is in
 * each, as often as the database can bear. Between two commits, so that what was committed is in it and what is gathered is
 * not.
 */
import type { Database } from "../database/database.ts";
import type { CommitGroup } from "./commit-group.ts";
import type { NodeAnswers } from "./node-answers.ts";
import type { QueueView } from "./queue-view.ts";

export interface ViewPoll {
  /** The first look. Answers with how many messages wait that nobody holds. Rejects with DatabaseFault. */
  first(): Promise<number>;
  /** The next look is now. */
  soon(): void;
  close(): void;
}

const everyMs = 1_000;
/** A count takes no more than this part of the time. */
const countPart = 0.02;

export function createViewPoll(parts: {
  readonly database: Pick<Database, "commit" | "name">;
  readonly group: CommitGroup;
  readonly view: QueueView;
  readonly answers: NodeAnswers;
  /** Something is due earlier than was known here. */
  readonly onFound: () => void;
}): ViewPoll {
  const { database, group, view, answers, onFound } = parts;
  const { commit, name } = database;
  let timer: NodeJS.Timeout | undefined;
  let nextCountAt = 0;
  let closed = false;

  const count = async (): Promise<void> => {
    const startedAt = performance.now();
    const rows = await commit.query<{ queue: string; messages: string }>(
      `select queue, messages from ${name("summary_1")}()`,
    );
    const [sums] = await commit.query<{ messages: string; answers: string }>(
      `select (select count(*) from ${name("message")}) as messages, (select count(*) from ${name("answer")}) as answers`,
    );
    view.setCounts(
      Number(sums?.messages ?? 0),
      rows.map(({ queue, messages }) => ({ queue, messages: Number(messages) })),
      group.unseen(),
    );
    answers.size = Number(sums?.answers ?? 0);
    nextCountAt = performance.now() + Math.max(everyMs, (performance.now() - startedAt) / countPart);
  };

  const look = async (): Promise<void> => {
    const rows = await commit.query<{ queue: string; next_due: number }>(`select * from ${name("due_1")}()`);
    const dues = rows.map(({ queue, next_due: dueAt }) => ({ queue, dueAt }));
    const isNews = view.setDue(dues, group.unseen());
    if (performance.now() >= nextCountAt) await count();
    if (isNews && !closed) onFound();
  };

  const plan = (ms: number): void => {
    if (closed) return;
    timer = setTimeout(() => {
      group
        .between(look)
        // The commits tell of a database that is away.
        .catch(() => undefined)
        .finally(() => plan(everyMs));
    }, ms).unref();
  };

  return {
    async first() {
      await look();
      const [row] = await commit.query<{ messages: string }>(
        `select count(distinct id) as messages from ${name("entry")} where owner is null`,
      );
      plan(everyMs);
      return Number(row?.messages ?? 0);
    },
    soon() {
      clearTimeout(timer);
      plan(0);
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
