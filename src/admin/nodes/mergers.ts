/** How what several nodes answer is made one answer, by operation. Pure. The first answer is that of the node that was asked. */
import type { SpreadName } from "../spread-operations.ts";
import type { Output, ReadInput } from "../contract.ts";
import { joinedEvents, joinedHistory } from "./merged-history.ts";
import { joinedLimitUsage, joinedSourceExplanations } from "./merged-limits.ts";
import { joinedOverviews, overviewFollower } from "./merged-overview.ts";
import { joinedQueues } from "./merged-queues.ts";
import { joinedActivity, joinedApplications, joinedSenders } from "./merged-senders.ts";
import { rowsOf, type Follower, type OneAnswer } from "./node-answers.ts";

export interface Merger {
  /** What each is asked for in place of what was asked: pages. */
  readonly asked?: (input: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  readonly merge: (answers: readonly OneAnswer[], input: Readonly<Record<string, unknown>>) => unknown;
  /** Of what is so now: a node that lives no more has no part in it. */
  readonly isOfNow?: true;
  readonly takesLong?: true;
  readonly follow?: (push: (item: unknown) => void, servers: readonly string[]) => Follower;
}

interface TypedMerger<Name extends SpreadName> extends Omit<Merger, "asked" | "merge"> {
  readonly asked?: (input: ReadInput<Name>) => Partial<ReadInput<Name>>;
  readonly merge: (
    answers: readonly OneAnswer<Output<Name>>[],
    input: ReadInput<Name>,
  ) => Omit<Output<Name>, "unanswered">;
}

type Mergers = { readonly [Name in SpreadName]?: TypedMerger<Name> };

const byText =
  <Row>(of: (row: Row) => string) =>
  (one: Row, other: Row): number =>
    of(one) < of(other) ? -1 : of(one) > of(other) ? 1 : 0;

const typed: Mergers = {
  listConnections: {
    isOfNow: true,
    merge(answers, { limit }) {
      const all = rowsOf(answers, ({ connections }) => connections).toSorted(byText(({ since }) => since));
      return {
        connections: all.slice(0, limit),
        total: answers.reduce((sum, { output: { total } }) => sum + total, 0),
      };
    },
  },
  // Counted over all nodes already; who is slowed down is each node's.
  listConnectionSources: {
    isOfNow: true,
    merge(answers) {
      const slowed = new Set(
        answers.flatMap(({ output: { sources } }) =>
          sources
            .filter(({ discredited }) => discredited)
            .map(({ connector, source }) => `${source} ${connector}`),
        ),
      );
      const [first] = answers;
      return {
        sources: (first?.output.sources ?? []).map((row) => ({
          ...row,
          discredited: slowed.has(`${row.source} ${row.connector}`),
        })),
      };
    },
  },
  getLimitUsage: { merge: (answers) => joinedLimitUsage(answers) },
  listRefusals: {
    merge: (answers, { limit }) => ({
      refusals: rowsOf(answers, ({ refusals }) => refusals)
        .toSorted((one, other) => other.lastHour - one.lastHour || other.lastAt.localeCompare(one.lastAt))
        .slice(0, limit),
      total: answers.reduce((sum, { output: { total } }) => sum + total, 0),
      since: earliest(answers.map(({ output: { since } }) => since)) ?? new Date(0).toISOString(),
    }),
  },
  explainSource: { merge: (answers) => joinedSourceExplanations(answers) },
  explainReference: {
    merge(answers) {
      const known = answers.find(({ output: { events } }) => events.length > 0) ?? answers[0]!;
      return { ...known.output, events: rowsOf([known], ({ events }) => events) };
    },
  },
  queryEvents: {
    merge: (answers, { limit, before }) => joinedEvents.merge(answers, limit, before),
  },
  searchMessageTracking: {
    merge: (answers, { resultSize }) => ({
      entries: joinedHistory(
        answers.map(({ server, output: { entries } }) => ({ server, entries })),
        resultSize,
      ),
    }),
  },
  explainMessage: {
    merge(answers) {
      const [first] = answers;
      return {
        entries: joinedHistory(
          answers.map(({ server, output: { entries } }) => ({ server, entries: entries.toReversed() })),
          Infinity,
        ).reverse(),
        application:
          answers.find(({ output: { application } }) => application !== null)?.output.application ?? null,
        // The same at all; who has it in memory knows most.
        waiting: mostTold(answers.map(({ output: { waiting } }) => waiting)) ?? first?.output.waiting ?? [],
        limitHits: rowsOf(answers, ({ limitHits }) => limitHits).toSorted((one, other) =>
          other.at.localeCompare(one.at),
        ),
      };
    },
  },
  testConnectivity: {
    isOfNow: true,
    takesLong: true,
    merge: (answers) => ({ results: rowsOf(answers, ({ results }) => results) }),
  },
  getOverview: { isOfNow: true, merge: (answers) => joinedOverviews(answers) },
  followOverview: {
    isOfNow: true,
    merge: ([first]) => first!.output,
    follow: overviewFollower,
  },
  listQueues: {
    isOfNow: true,
    asked: ({ limit, offset }) => ({ offset: 0, limit: Math.min(10_000, offset + limit) }),
    merge: (answers, { limit, offset }) => joinedQueues(answers, offset, limit),
  },
  listSendBudgets: {
    isOfNow: true,
    merge: (answers) => ({ budgets: rowsOf(answers, ({ budgets }) => budgets) }),
  },
  listLegacyTlsClients: {
    merge: (answers) => ({
      clients: rowsOf(answers, ({ clients }) => clients)
        .toSorted((one, other) => other.lastSeen.localeCompare(one.lastSeen))
        .slice(0, 1_000),
    }),
  },
  listSenders: { merge: (answers, { limit }) => joinedSenders(answers, limit) },
  listApplications: { merge: (answers) => joinedApplications(answers) },
  getSenderActivity: { merge: (answers) => joinedActivity(answers) },
};

/** By operation; each gets answers of its own operation only. */
export const mergers = typed as unknown as { readonly [Name in SpreadName]?: Merger };

function earliest(instants: readonly string[]): string | undefined {
  return instants.toSorted()[0];
}

function mostTold<Row>(lists: readonly Row[][]): Row[] | undefined {
  return lists.toSorted((one, other) => other.length - one.length)[0];
}
