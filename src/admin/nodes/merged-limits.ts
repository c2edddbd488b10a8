/**
 * Limits of several nodes. Connections are counted over all by the database, and each node saw those counts when somebody
 * came to it: the highest of them is the highest. Messages a minute, and what is refused or would be, each node counts
 * for itself: refusals are added up, and so are the highest minutes, which is more than it was where they were not the same.
 */
import type { Output } from "../contract.ts";
import { joinedHistory } from "./merged-history.ts";
import { rowsOf, type OneAnswer } from "./node-answers.ts";

type Usage = Output<"getLimitUsage">;
type ConnectorUsage = Usage["connectors"][number];
type Row = Usage["connectionRate"];
type Watched = ConnectorUsage["limits"][number]["watched"];
type Explained = Output<"explainSource">;

const mostSources = 10;

export function joinedLimitUsage(answers: readonly OneAnswer<Usage>[]): Usage {
  const names = [
    ...new Set(answers.flatMap(({ output }) => output.connectors.map(({ connector }) => connector))),
  ];
  return {
    connectors: names.map((name) =>
      joinedConnector(
        answers.flatMap(({ output }) => output.connectors.filter(({ connector }) => connector === name)) as [
          ConnectorUsage,
          ...ConnectorUsage[],
        ],
      ),
    ),
    connectionRate: joinedRow(answers.map(({ output }) => output.connectionRate) as [Row, ...Row[]], true),
    since: answers.map(({ output: { since } }) => since).toSorted()[0] ?? new Date(0).toISOString(),
  };
}

function joinedConnector(usages: readonly [ConnectorUsage, ...ConnectorUsage[]]): ConnectorUsage {
  const sum = (of: (usage: ConnectorUsage) => number): number =>
    usages.reduce((total, usage) => total + of(usage), 0);
  const limits = [...new Set(usages.flatMap((usage) => usage.limits.map(({ limit }) => limit)))];
  return {
    connector: usages[0].connector,
    openConnections: sum(({ openConnections }) => openConnections),
    waiting: sum(({ waiting }) => waiting),
    // One that came to several is among each one's.
    sources: Math.max(...usages.map(({ sources }) => sources)),
    limits: limits.map((name) => {
      const rows = usages.flatMap((usage) => usage.limits.filter(({ limit }) => limit === name)) as [
        ConnectorUsage["limits"][number],
        ...ConnectorUsage["limits"][number][],
      ];
      return {
        ...joinedRow(rows, !name.startsWith("maxInboundConnection")),
        watched: joinedWatched(rows.map(({ watched }) => watched)),
      };
    }),
  };
}

/** `isOfEach`: each node counts its own. */
function joinedRow(rows: readonly [Row, ...Row[]], isOfEach: boolean): Row {
  const sum = (of: (row: Row) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const most = (of: (row: Row) => number): number => Math.max(...rows.map(of));
  const highest = isOfEach ? sum : most;
  const sources = new Map<string, Row["topSources"][number]>();
  for (const top of rows.flatMap(({ topSources }) => topSources)) {
    const before = sources.get(top.source);
    sources.set(
      top.source,
      before === undefined
        ? top
        : {
            ...before,
            inUse: before.inUse + top.inUse,
            highestLastDay: isOfEach
              ? before.highestLastDay + top.highestLastDay
              : Math.max(before.highestLastDay, top.highestLastDay),
            refusedLastHour: before.refusedLastHour + top.refusedLastHour,
            refusedLastDay: before.refusedLastDay + top.refusedLastDay,
          },
    );
  }
  const topSources = [...sources.values()].toSorted(
    (one, other) => other.refusedLastDay - one.refusedLastDay || other.highestLastDay - one.highestLastDay,
  );
  const isOfAll = rows[0].limit === "maxInboundConnection" || rows[0].limit === "maxConnectionRatePerMinute";
  return {
    ...rows[0],
    inUse: isOfAll
      ? sum(({ inUse }) => inUse)
      : Math.max(
          most(({ inUse }) => inUse),
          ...topSources.map(({ inUse }) => inUse),
        ),
    highestLastHour: highest(({ highestLastHour }) => highestLastHour),
    highestLastDay: highest(({ highestLastDay }) => highestLastDay),
    refusedLastHour: sum(({ refusedLastHour }) => refusedLastHour),
    refusedLastDay: sum(({ refusedLastDay }) => refusedLastDay),
    topSources: topSources.slice(0, mostSources),
  };
}

/** Each node looks at them for itself: what all would have refused is the sum. */
function joinedWatched(all: readonly Watched[]): Watched {
  const rows = all.filter((one) => one !== null);
  const [first] = rows;
  if (first === undefined) return null;
  const sources = new Map<string, (typeof first.topSources)[number]>();
  for (const top of rows.flatMap(({ topSources }) => topSources)) {
    const before = sources.get(top.source);
    sources.set(top.source, {
      ...top,
      wouldRefuseLastDay: top.wouldRefuseLastDay + (before?.wouldRefuseLastDay ?? 0),
    });
  }
  return {
    ...first,
    wouldRefuseLastHour: rows.reduce((sum, row) => sum + row.wouldRefuseLastHour, 0),
    wouldRefuseLastDay: rows.reduce((sum, row) => sum + row.wouldRefuseLastDay, 0),
    topSources: [...sources.values()]
      .toSorted((one, other) => other.wouldRefuseLastDay - one.wouldRefuseLastDay)
      .slice(0, mostSources),
  };
}

/** What happened to a source at each node; of remedies the one for the latest of its kind. */
export function joinedSourceExplanations(answers: readonly OneAnswer<Explained>[]): Explained {
  const first = answers[0]!.output;
  const names = [
    ...new Set(answers.flatMap(({ output }) => output.connectors.map(({ connector }) => connector))),
  ];
  const remedies = new Map<string, Explained["remedies"][number]>();
  for (const remedy of answers.flatMap(({ output }) => output.remedies)) {
    const key = `${remedy.class} ${remedy.connector ?? ""} ${remedy.kinds.join(" ")}`;
    const before = remedies.get(key);
    if (before === undefined || before.lastAt < remedy.lastAt) remedies.set(key, remedy);
  }
  return {
    ...first,
    connectors: names.map((name) => {
      const all = answers.flatMap(({ output }) =>
        output.connectors.filter(({ connector }) => connector === name),
      );
      const base = all[0]!;
      const sum = (of: (one: typeof base) => number): number =>
        all.reduce((total, one) => total + of(one), 0);
      const most = (of: (one: typeof base) => number | null): number =>
        Math.max(...all.map((one) => of(one) ?? 0));
      return {
        ...base,
        openConnections: sum(({ openConnections }) => openConnections),
        highestOpenLastHour: most(({ highestOpenLastHour }) => highestOpenLastHour),
        highestOpenLastDay: most(({ highestOpenLastDay }) => highestOpenLastDay),
        meanConnectionMs:
          all.find(({ meanConnectionMs }) => meanConnectionMs !== null)?.meanConnectionMs ?? null,
        messagesLastMinute: sum(({ messagesLastMinute }) => messagesLastMinute),
        highestMessagesLastHour: sum(({ highestMessagesLastHour }) => highestMessagesLastHour),
        highestMessagesLastDay: sum(({ highestMessagesLastDay }) => highestMessagesLastDay),
        discreditedForMs: all.some(({ discreditedForMs }) => discreditedForMs !== null)
          ? most(({ discreditedForMs }) => discreditedForMs)
          : null,
        refusals: all
          .flatMap(({ refusals }) => refusals)
          .toSorted((one, other) => other.lastAt.localeCompare(one.lastAt)),
        advice: (all.find(({ advice }) => advice.length > 0) ?? base).advice,
      };
    }),
    remedies: [...remedies.values()].toSorted((one, other) => other.lastAt.localeCompare(one.lastAt)),
    connections: rowsOf(answers, ({ connections }) => connections),
    events: joinedHistory(
      answers.map(({ server, output: { events } }) => ({ server, entries: events })),
      50,
    ),
  };
}
