/**
 * Policies of MTA-STS that one node fetched and all use. Each has them on its own disk as well (src/send/mta-sts/policy-store.ts):
 * one that is in force is not forgotten where the database is away. Which domains have one here is known to each node by a
 * look a second, so that a domain without costs no question.
 */
import { readPolicy } from "../../core/mta-sts/policy.ts";
import { timesOf, type KeptPolicy } from "../../core/mta-sts/kept-policy.ts";
import type { Clock } from "../../ports/ports.ts";
import type { PolicyStore } from "../../send/mta-sts/policy-store.ts";
import type { SharedFetch } from "../../send/mta-sts/policies.ts";
import type { Database } from "../database/database.ts";
import type { Membership } from "../membership/membership.ts";
import type { Looks } from "./looks.ts";

export interface SharedPolicies {
  /** What a node has by itself, and what the others have. */
  store(own: PolicyStore): PolicyStore;
  readonly fetch: SharedFetch;
}

interface Row {
  readonly text: string;
  readonly id: string | null;
  readonly fetched_at: number;
  readonly until: number;
}

const mostNews = 10_000;
/** Domains whose policies are known to be here. */
const mostDomains = 100_000;
/** A fetch takes up to a minute; then another node may. Milliseconds. */
const fetchMs = 75_000;
const lookMs = 250;
const sweepMs = 3_600_000;
/** So long those stay that have ended, for nodes that were away. */
const endedMs = 7 * 86_400_000;

export function createSharedPolicies(parts: {
  readonly database: Pick<Database, "shared" | "name">;
  readonly membership: Pick<Membership, "current" | "isChores">;
  readonly looks: Looks;
  readonly clock: Clock;
  readonly lookMs?: number;
}): SharedPolicies {
  const { database, membership, looks, clock } = parts;
  const { shared: session, name } = database;
  const table = name("mta_sts_policy");
  /** Domains with a policy that this node has not taken over yet. */
  const news = new Set<string>();
  /** Not told yet. */
  const untold = new Map<string, KeptPolicy>();
  /** Those that a node dated by a clock ahead of this one. */
  const toCome = new Set<string>();
  const openedAt = clock.now();
  let seen = 0n;
  let sweptAt = -Infinity;

  const ahead = (): number => clock.wall().getTime() - clock.now();

  const read = async (domain: string): Promise<KeptPolicy | undefined> => {
    const [row] = await session.query<Row & { readonly [column: string]: unknown }>(
      `select text, id, fetched_at, until from ${table} where domain = $1`,
      [domain],
    );
    const found = row && readPolicy(row.text);
    if (row === undefined || found === undefined || found.kind === "invalid") return undefined;
    const written = { fetchedAt: row.fetched_at, until: row.until };
    const { fetchedAt, until, isToCome } = timesOf(written, ahead(), clock.now(), openedAt);
    if (isToCome && toCome.size < mostNews) toCome.add(domain);
    return { policy: found.policy, id: row.id ?? undefined, fetchedAt, until };
  };

  const tell = async (domain: string, { policy, id, fetchedAt, until }: KeptPolicy): Promise<void> => {
    const offset = ahead();
    // What is dated later than any policy that comes would stand for as long as its date is ahead.
    if (toCome.delete(domain))
      await session.query(`delete from ${table} where domain = $1 and fetched_at > $2`, [
        domain,
        clock.wall().getTime(),
      ]);
    const values = [policy.lines.join("\n"), id ?? null, fetchedAt + offset, until + offset];
    await session.query(`select ${name("keep_policy_1")}($1, $2, $3, $4, $5)`, [domain, ...values]);
    if (untold.get(domain)?.fetchedAt === fetchedAt) untold.delete(domain);
  };

  looks.add(async () => {
    for (const [domain, policy] of untold) await tell(domain, policy);
    const rows = await session.query<{ domain: string; number: string }>(
      `select domain, number from ${table} where number > $1 order by number limit ${mostNews}`,
      [`${seen}`],
    );
    for (const { domain, number } of rows) {
      seen = BigInt(number);
      if (news.size < mostDomains) news.add(domain);
    }
    if (!membership.isChores || clock.now() < sweptAt + sweepMs) return;
    sweptAt = clock.now();
    await session.query(`select ${name("forget_policies_1")}($1)`, [clock.wall().getTime() - endedMs]);
  });

  const isNewer = (one: KeptPolicy | undefined, known: KeptPolicy | undefined): one is KeptPolicy =>
    one !== undefined && (known === undefined || one.fetchedAt > known.fetchedAt);

  return {
    store: (own) => ({
      async get(domain) {
        const known = await own.get(domain);
        if (!news.has(domain)) return known;
        const theirs = await read(domain).catch(() => undefined);
        // Where it could not be read it is asked for again.
        if (theirs === undefined) return known;
        news.delete(domain);
        if (!isNewer(theirs, known)) return known;
        own.set(domain, theirs);
        return clock.now() < theirs.until ? theirs : undefined;
      },
      peek: (domain) => own.peek(domain),
      set(domain, policy) {
        own.set(domain, policy);
        if (untold.size >= mostNews) return;
        untold.set(domain, policy);
        // What cannot be told now is at the next look.
        tell(domain, policy).catch(() => undefined);
      },
      settle: () => own.settle(),
      close: () => own.close(),
    }),
    async fetch(domain, wanted, fetch) {
      const until = clock.now() + fetchMs;
      const nodeId = membership.current?.nodeId ?? 0;
      const begin = async (): Promise<boolean> => {
        const [row] = await session.query<{ mine: boolean }>(
          `select ${name("begin_fetch_1")}($1, $2, $3) as mine`,
          [nodeId, domain, fetchMs],
        );
        return row?.mine === true;
      };
      const end = (): void =>
        void session.query(`select ${name("end_fetch_1")}($1, $2)`, [nodeId, domain]).catch(() => undefined);
      try {
        while (!(await begin()) && clock.now() < until)
          await new Promise((resolve) => setTimeout(resolve, parts.lookMs ?? lookMs));
        // Behind the beginning: another may have ended between a look and that.
        const theirs = await read(domain);
        if (theirs !== undefined && wanted(theirs)) {
          news.add(domain);
          end();
          return { kind: "policy", policy: theirs.policy };
        }
      } catch {
        // Nobody can say who fetches it: better twice than not at all.
        return fetch();
      }
      try {
        return await fetch();
      } finally {
        // Behind the policy, which is told on the same session.
        setImmediate(end);
      }
    },
  };
}
