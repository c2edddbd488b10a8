/** What each source of a connector needs, and which of them are unlike the rest. */
import { largestOf } from "../units/extremes.ts";
import type { ConnectorUse, SourceUse } from "./use-facts.ts";
import { verdictOf, type Verdict } from "./source-verdict.ts";

export interface JudgedSource {
  readonly use: SourceUse;
  /** Empty: nobody named it. */
  readonly application: string;
  readonly open: Verdict;
  readonly messages: Verdict;
}

/** Sources of one application, or one that nobody named. */
export interface UnlikeGroup {
  /** Empty: it has none. */
  readonly application: string;
  readonly sources: readonly JudgedSource[];
  /** By what it is unlike, and by how many times what the others need. */
  readonly by: "open" | "messages";
  readonly need: number;
  readonly othersNeed: number;
}

const unlikeTimes = 4;
/** Fewer are no reason for a connector. */
const leastUnlike = { open: 20, messages: 120 } as const;
const leastOthers = 2;
const mostGroups = 3;

/** `applicationOf`: as the configuration names sources now; empty where it does not. Cost: some 20 µs a source. */
export function judgedSources(
  { sources }: Pick<ConnectorUse, "sources">,
  applicationOf: (source: string) => string,
): readonly JudgedSource[] {
  return sources.map((use) => ({
    use,
    application: applicationOf(use.source) || use.application,
    open: verdictOf(use.days, "open"),
    messages: verdictOf(use.days, "messages"),
  }));
}

export function isGood({ open, messages }: JudgedSource): boolean {
  return open.outlier === undefined && messages.outlier === undefined;
}

export function needOf(sources: readonly JudgedSource[], by: UnlikeGroup["by"]): number {
  return largestOf(sources, (source) => source[by].need, 0);
}

/**
 * Those that a limit for the rest would refuse, or that would make it useless for the rest: a connector of their own serves
 * both. The most unlike first, three at most. `mayHaveOwn`: whether one can be made for the source.
 */
export function unlikeGroups(
  sources: readonly JudgedSource[],
  mayHaveOwn: (source: string) => boolean,
): readonly UnlikeGroup[] {
  const found: UnlikeGroup[] = [];
  let rest = [...sources];
  while (found.length < mostGroups) {
    const next = mostUnlike(rest, mayHaveOwn);
    if (next === undefined) break;
    found.push(next);
    const grouped = new Set(next.sources);
    rest = rest.filter((source) => !grouped.has(source));
  }
  return found;
}

function mostUnlike(
  sources: readonly JudgedSource[],
  mayHaveOwn: (source: string) => boolean,
): UnlikeGroup | undefined {
  for (const by of ["open", "messages"] as const) {
    const [top] = [...sources].sort((a, b) => b[by].need - a[by].need);
    if (top === undefined || !isGood(top)) continue;
    const isWith = (one: JudgedSource): boolean =>
      one === top || (top.application !== "" && one.application === top.application);
    const group = sources.filter(isWith);
    const others = sources.filter((one) => !isWith(one));
    const [need, othersNeed] = [needOf(group, by), needOf(others, by)];
    const isUnlike = (of: number): boolean => of >= leastUnlike[by] && of >= unlikeTimes * othersNeed;
    if (others.length < leastOthers || !isUnlike(need) || !isUnlike(secondBest(group, by))) continue;
    if (!group.every(({ use }) => mayHaveOwn(use.source))) continue;
    return { application: top.application, sources: group, by, need, othersNeed };
  }
  return undefined;
}

/** What came once is a reason for head-room, and none for a connector: the most of any day but the best one. */
function secondBest(sources: readonly JudgedSource[], by: UnlikeGroup["by"]): number {
  const best = new Map<number, number>();
  for (const source of sources)
    for (const { day, value } of source[by].days) best.set(day, Math.max(best.get(day) ?? 0, value));
  return [...best.values()].sort((a, b) => b - a)[1] ?? 0;
}
