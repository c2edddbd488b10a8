/** Advice as scenarios for a replay of what was recorded, and what came of them. */
import type { ReplayedConnector, Scenario } from "../what-if/scenario.ts";
import { totalOf, type ByLimit, type ConnectorOutcome } from "../what-if/tally.ts";
import { loosened, type LimitProposal } from "./limit-proposal.ts";

/** A connector with the limits that are proposed for it. */
export interface Proposed {
  readonly connector: ReplayedConnector;
  readonly limits: readonly LimitProposal[];
}

/** How much looser than advised is tried as well, because an estimate may fall short. */
export const looseTimes = [1, 1.25, 1.5, 2, 3] as const;

/** One for each of `looseTimes`. `proposed`: in place of those of their names, or beside them. */
export function trialScenarios(present: Scenario, proposed: readonly Proposed[]): readonly Scenario[] {
  return looseTimes.map((times) => {
    const after = proposed.map(({ connector, limits }) => withLimits(connector, loosened(limits, times)));
    const names = new Set(after.map(({ name }) => name));
    return {
      ...present,
      connectors: [...present.connectors.filter(({ name }) => !names.has(name)), ...after],
    };
  });
}

function withLimits(connector: ReplayedConnector, limits: readonly LimitProposal[]): ReplayedConnector {
  const values = Object.fromEntries(limits.map(({ limit, value }) => [limit, value]));
  const { messageRateSource } = connector;
  return {
    ...connector,
    ...values,
    // A rate that nobody is counted by would limit nobody.
    messageRateSource:
      messageRateSource === "None" && values["messageRateLimit"] !== undefined
        ? "IPAddress"
        : messageRateSource,
  };
}

export interface Refusals {
  /** Of sources that advice must not harm. */
  readonly good: number;
  /** Of the others. */
  readonly others: number;
  readonly byLimit: ByLimit;
}

/** What these connectors refused together. */
export function refusalsOf(
  world: readonly ConnectorOutcome[],
  names: ReadonlySet<string>,
  good: ReadonlySet<string>,
): Refusals {
  let [ofGood, ofOthers] = [0, 0];
  const byLimit: ByLimit = {};
  for (const { connector, sources } of world) {
    if (!names.has(connector)) continue;
    for (const { source, refused } of sources) {
      if (good.has(source)) ofGood += totalOf(refused);
      else ofOthers += totalOf(refused);
      for (const [limit, count] of Object.entries(refused) as [keyof ByLimit, number][])
        byLimit[limit] = (byLimit[limit] ?? 0) + count;
    }
  }
  return { good: ofGood, others: ofOthers, byLimit };
}

/** The tightest that refuses no good source; where none does, that which refuses fewest. */
export function bestTrial(refusals: readonly Refusals[]): number {
  let best = 0;
  for (const [index, { good }] of refusals.entries()) if (good < (refusals[best]?.good ?? 0)) best = index;
  return best;
}
