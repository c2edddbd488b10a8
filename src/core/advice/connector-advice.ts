/** Advice for one receive connector, before it is tried on what was recorded (trial.ts). */
import { leastOf } from "../units/extremes.ts";
import { isGood, unlikeGroups, type JudgedSource, type UnlikeGroup } from "./judged-use.ts";
import {
  proposeForGroup,
  proposeLimits,
  type AdvisedSettings,
  type LimitProposal,
} from "./limit-proposal.ts";
import type { ConnectorUse } from "./use-facts.ts";

export interface OwnConnector {
  readonly group: UnlikeGroup;
  readonly limits: readonly LimitProposal[];
}

export interface ConnectorAdvice {
  readonly connector: string;
  /** In a sentence; empty: there is enough. Then there are no limits. */
  readonly notEnough: string;
  readonly limits: readonly LimitProposal[];
  readonly own: readonly OwnConnector[];
  /** Also those for which a connector of their own is proposed. */
  readonly sources: readonly JudgedSource[];
}

export interface AdviceInput {
  readonly use: ConnectorUse;
  readonly settings: AdvisedSettings;
  /** Of the record; wall clock. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Of `use`, judged (judged-use.ts). */
  readonly sources: readonly JudgedSource[];
  /** Whether a connector can be made that serves this source alone. */
  readonly mayHaveOwn: (source: string) => boolean;
  /** Nothing was enforced while it was learned. */
  readonly isLearned: boolean;
}

const hourMs = 3_600_000;
/** Less than a weekend's day beside a working day tells nothing. */
const leastHours = 48;
const leastConnections = 100;

export function adviseConnector(input: AdviceInput): ConnectorAdvice {
  const { use, settings, sources, lastMs, isLearned } = input;
  const empty = { connector: use.connector, limits: [], own: [], sources };
  const notEnough = whatIsMissing(input);
  if (notEnough !== "") return { ...empty, notEnough };
  const groups = unlikeGroups(sources, input.mayHaveOwn);
  const grouped = new Set(groups.flatMap((group) => group.sources));
  const rest = sources.filter((source) => !grouped.has(source));
  return {
    ...empty,
    notEnough: "",
    limits: proposeLimits({ use, settings, sources: rest, lastMs, isLearned }),
    own: groups.map((group) => ({ group, limits: proposeForGroup(group, { use, settings, lastMs }) })),
  };
}

/** Those that advice must not harm. */
export function goodSources({ sources }: ConnectorAdvice): ReadonlySet<string> {
  return new Set(sources.filter(isGood).map(({ use }) => use.source));
}

function whatIsMissing({ use, firstMs, lastMs }: AdviceInput): string {
  const hoursSince = (at: number): number => Math.floor((lastMs - at) / hourMs);
  const hoursText = (hours: number): string => (hours === 1 ? "1 hour" : `${hours} hours`);
  const recorded = hoursSince(firstMs);
  if (recorded < leastHours)
    return `Not enough data: ${hoursText(recorded)} ${recorded === 1 ? "is" : "are"} recorded, and advice needs two days.`;
  const connections = use.sources.reduce((sum, one) => sum + one.connections + one.refused, 0);
  if (connections < leastConnections)
    return `Not enough data: ${connections === 1 ? "1 connection" : `${connections} connections`} came to it, and advice needs ${leastConnections}.`;
  // What other connectors have known for weeks tells nothing of one that is new.
  const used = hoursSince(leastOf(use.sources, ({ firstSeen }) => firstSeen));
  if (used < leastHours)
    return `Not enough data: it has been in use for ${hoursText(used)}, and advice needs two days.`;
  return "";
}
