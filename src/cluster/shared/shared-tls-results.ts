/**
 * Results of TLS that all nodes count (src/send/tls-report/tls-results.ts is the same on one disk): each node keeps a row of its
 * own for a day and a domain, reports are on all rows, and one node sends each. What a node has counted for less than a minute
 * is lost when it is killed.
 */
import { merged, withResult, type DayResults } from "../../core/tls-report/day-results.ts";
import { createLateWrites } from "../../ports/late-writes.ts";
import type { Clock } from "../../ports/ports.ts";
import { dateOf, daysKept, type DomainDay, type TlsResults } from "../../send/tls-report/tls-results.ts";
import type { Database } from "../database/database.ts";

const writeAfterMs = 60_000;
const mostDomains = 20_000;
const portion = 500;
const dayMs = 86_400_000;

/** `failed` hears of a database that does not take results; they are added with the next write. */
export function createSharedTlsResults(
  parts: {
    readonly database: Pick<Database, "shared" | "name">;
    readonly node: string;
    readonly clock: Clock;
  },
  failed: (fault: unknown) => void,
): TlsResults {
  const { database, node, clock } = parts;
  const { shared: session, name } = database;
  let fresh = new Map<string, DomainDay & { results: DayResults }>();
  let isClosed = false;
  let forgottenOn = "";

  const rows = (where: string, values: readonly unknown[]) =>
    session.query<{ date: string; domain: string; results: string }>(
      `select date, domain, results from ${name("tls_result")} where ${where}`,
      values,
    );
  const sum = (all: readonly { readonly results: string }[]): DayResults =>
    all.reduce<DayResults>((total, { results }) => merged(total, JSON.parse(results) as DayResults), []);

  const write = async (): Promise<void> => {
    const taken = [...fresh.values()];
    fresh = new Map();
    for (let at = 0; at < taken.length; at += portion) {
      const some = taken.slice(at, at + portion);
      try {
        const [dates, domains] = [some.map(({ date }) => date), some.map(({ domain }) => domain)];
        // Nobody else writes this node's rows.
        const known = await rows(
          "node = $1 and (date, domain) in (select * from unnest($2::text[], $3::text[]))",
          [node, dates, domains],
        );
        const before = new Map(known.map((row) => [`${row.date} ${row.domain}`, row]));
        const results = some.map((one) => {
          const row = before.get(`${one.date} ${one.domain}`);
          return JSON.stringify(merged(row === undefined ? [] : sum([row]), one.results));
        });
        await session.query(`select ${name("keep_tls_results_1")}($1, $2, $3, $4)`, [
          node,
          dates,
          domains,
          results,
        ]);
      } catch (fault) {
        for (const one of taken.slice(at)) {
          const key = `${one.date} ${one.domain}`;
          fresh.set(key, { ...one, results: merged(one.results, fresh.get(key)?.results ?? []) });
        }
        throw fault;
      }
    }
    const today = dateOf(clock.wall());
    if (forgottenOn === today) return;
    const oldest = dateOf(new Date(clock.wall().getTime() - daysKept * dayMs));
    await session.query(`select ${name("forget_tls_results_1")}($1)`, [oldest]);
    forgottenOn = today;
  };
  let writing: Promise<void> = Promise.resolve();
  const writes = createLateWrites(
    clock,
    writeAfterMs,
    () => (writing = write()),
    (fault) => {
      failed(fault);
      if (!isClosed) writes.changed();
    },
  );
  /** What is being written is neither in memory nor in the database. */
  const written = (): Promise<void> => writing.catch(() => undefined);

  return {
    count(domain, result) {
      const date = dateOf(clock.wall());
      const key = `${date} ${domain}`;
      const known = fresh.get(key);
      if (known === undefined && fresh.size >= mostDomains) return;
      fresh.set(key, { date, domain, results: withResult(known?.results ?? [], result) });
      writes.changed();
    },
    async all({ date, domain } = {}) {
      await written();
      const known = await session.query<{ date: string; domain: string }>(
        `select distinct date, domain from ${name("tls_result")}
          where ($1::text is null or date = $1) and ($2::text is null or domain = $2)`,
        [date ?? null, domain ?? null],
      );
      const days = new Map<string, DomainDay>(known.map((one) => [`${one.date} ${one.domain}`, one]));
      for (const [key, one] of fresh)
        if ((date ?? one.date) === one.date && (domain ?? one.domain) === one.domain)
          days.set(key, { date: one.date, domain: one.domain });
      return [...days.values()].sort((a, b) =>
        a.date === b.date ? compare(a.domain, b.domain) : compare(b.date, a.date),
      );
    },
    async of({ date, domain }) {
      await written();
      const kept = await rows("date = $1 and domain = $2 order by node", [date, domain]);
      return merged(sum(kept), fresh.get(`${date} ${domain}`)?.results ?? []);
    },
    async beginReport({ date, domain }) {
      await written();
      const [row] = await session.query<{ mine: boolean }>(
        `select ${name("begin_tls_report_1")}($1, $2, $3) as mine`,
        [date, domain, node],
      );
      return row?.mine === true;
    },
    async reported(date) {
      const begun = await session.query<{ domain: string }>(
        `select domain from ${name("tls_report")} where date = $1`,
        [date],
      );
      return new Set(begun.map(({ domain }) => domain));
    },
    close() {
      isClosed = true;
      return writes.close();
    },
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
