/**
 * Looks at the queues in the database, for what others do: when the first entry of each is due, every second; how much is in
 * each, as often as the database can bear. As of a moment between two commits, so that what was committed is in it and what is
 * gathered is not. While somebody keeps old versions of rows, a look at what is due reads through all that was: then it is taken with the
 * counts, and claims begin where this node knows of something.
 */
import type { Database } from "../database/database.ts";
import type { Session } from "../database/session.ts";
import type { CommitGroup } from "./commit-group.ts";
import type { NodeAnswers } from "./node-answers.ts";
import type { CountLook, QueueDue, QueueView } from "./queue-view.ts";

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
/** Up to here messages are counted by what they have in queues: rows of mail that is gone stand in pages of their own until a vacuum. */
const fewEntries = 20_000;
const countMs = 60_000;
/** From so many old versions of entries on, looks at what is due hold up no commits: 15 ms. */
const dearVersions = 200_000;
/** Commits are held up no longer for a count to begin. */
const holdUpMs = 100;

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

export function createViewPoll(parts: {
  readonly database: Pick<Database, "commit" | "counts" | "name">;
  readonly group: CommitGroup;
  readonly view: QueueView;
  readonly answers: NodeAnswers;
  /** Something is due earlier than was known here. */
  readonly onFound: () => void;
}): ViewPoll {
  const { database, group, view, answers, onFound } = parts;
  const { commit, counts, name } = database;
  let timer: NodeJS.Timeout | undefined;
  let nextCountAt = 0;
  let isCounting = false;
  let isSoon = false;
  let closed = false;

  const dues = `select o.versions, d.queue, d.next_due
    from (select pg_stat_get_dead_tuples(to_regclass($1)) as versions) o left join ${name("due_1")}() d on true`;
  const duesBy = async (session: Pick<Session, "query">): Promise<readonly QueueDue[]> => {
    const rows = await session.query<{ versions: string | null; queue: string | null; next_due: number }>(
      dues,
      [name("entry")],
    );
    view.isDear = Number(rows[0]?.versions ?? 0) > dearVersions;
    return rows.flatMap(({ queue, next_due: dueAt }) => (queue === null ? [] : [{ queue, dueAt }]));
  };

  /**
   * By a connection of its own, as of a moment between two commits: those go on meanwhile. Rejects when it did not begin within
   * `beginMs`, for which commits are held up.
   */
  const count = async (beginMs: number): Promise<void> => {
    // It connects before commits are held up for it.
    await counts.query("select 1");
    const startedAt = performance.now();
    let look: CountLook | undefined;
    let isLate = false;
    let counted: Promise<void> = Promise.resolve();
    await group.between(async () => {
      const begun = new Promise<void>((hasBegun) => {
        counted = counts.transaction(async (query) => {
          await query("set transaction isolation level repeatable read, read only");
          await query("select 1");
          if (isLate) throw new Error("the count began too late");
          look = view.beginCount(group.unseen());
          hasBegun();
          const rows = await query<{ queue: string; messages: string }>(
            `select queue, messages from ${name("summary_1")}()`,
          );
          const entries = rows.reduce((sum, { messages }) => sum + Number(messages), 0);
          const ofMessages =
            entries > fewEntries
              ? `select count(*) from ${name("message")}`
              : `select count(distinct id) from ${name("entry")}`;
          const [sums] = await query<{ messages: string; answers: string; has_standby: boolean }>(
            `select (${ofMessages}) as messages, (select count(*) from ${name("answer")}) as answers,
              current_setting('synchronous_standby_names') <> '' as has_standby`,
          );
          group.waitsForStandby(sums?.has_standby === true);
          const isNews = view.endCount(
            look,
            Number(sums?.messages ?? 0),
            rows.map(({ queue, messages }) => ({ queue, messages: Number(messages) })),
            view.isDear ? await duesBy({ query }) : undefined,
          );
          if (isNews && !closed) onFound();
          answers.size = Number(sums?.answers ?? 0);
        }, countMs);
      });
      counted.catch(() => undefined);
      await Promise.race([begun, counted.catch(() => undefined), later(beginMs)]);
      isLate = look === undefined;
    });
    try {
      await counted;
    } finally {
      if (look !== undefined) view.breakCount(look);
      nextCountAt = performance.now() + Math.max(everyMs, (performance.now() - startedAt) / countPart);
    }
  };

  const countSometimes = (): void => {
    if (isCounting || (!isSoon && performance.now() < nextCountAt)) return;
    isCounting = true;
    isSoon = false;
    count(holdUpMs)
      // The commits tell of a database that is away.
      .catch(() => undefined)
      .finally(() => (isCounting = false));
  };

  const look = async (): Promise<void> => {
    const isNews = view.setDue(await duesBy(commit), group.unseen());
    if (isNews && !closed) onFound();
  };

  const plan = (ms: number): void => {
    if (closed) return;
    timer = setTimeout(() => {
      (view.isDear ? Promise.resolve() : group.between(look))
        // The commits tell of a database that is away.
        .catch(() => undefined)
        .finally(() => {
          countSometimes();
          plan(everyMs);
        });
    }, ms).unref();
  };

  return {
    async first() {
      await look();
      // Nothing is committed before it: a database that is slow for a moment is no reason not to start.
      await count(countMs);
      const [row] = await commit.query<{ messages: string }>(
        `select count(distinct id) as messages from ${name("entry")} where owner is null`,
      );
      plan(everyMs);
      return Number(row?.messages ?? 0);
    },
    soon() {
      isSoon = true;
      clearTimeout(timer);
      plan(0);
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
