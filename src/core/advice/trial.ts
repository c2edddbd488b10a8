/** Advice as scenarios for a replay of what was recorded, and what came of them. */
import type { ReplayedConnector, Scenario } from "../what-if/scenario.ts";
import { totalOf, type ByLimit, type ConnectorOutcome } from "../what-if/tally.ts";
import {
  allBy,
  loosened,
  loosenedLimits,
  type LimitProposal,
  type LoosenedLimit,
  type Looseness,
} from "./limit-proposal.ts";

/** A connector with the limits that are proposed for it. */
export interface Proposed {
  readonly connector: ReplayedConnector;
  readonly limits: readonly LimitProposal[];
}

/** How much looser than advised is tried as well, because an estimate may fall short. */
export const looseTimes = [1, 1.25, 1.5, 2, 3] as const;

/** One for each of `looseTimes`. `proposed`: in place of those of their names, or beside them. */
export function trialScenarios(present: Scenario, proposed: readonly Proposed[]): readonly Scenario[] {
  return looseTimes.map((times) => trialScenario(present, proposed, () => allBy(times)));
}

export function trialScenario<One extends Proposed>(
  present: Scenario,
  proposed: readonly One[],
  loosenessOf: (one: One) => Looseness,
): Scenario {
  const after = proposed.map((one) => withLimits(one.connector, loosened(one.limits, loosenessOf(one))));
  const names = new Set(after.map(({ name }) => name));
  return {
    ...present,
    connectors: [...present.connectors.filter(({ name }) => !names.has(name)), ...after],
  };
}

/** A limit at one of `looseTimes` while the others are at that which refuses fewest. */
export interface SingleTrial {
  readonly limit: LoosenedLimit;
  readonly step: number;
}

/** What tells which limit it was, where all of them had to be loosened together up to `best` of `looseTimes`. */
export function singleTrials(best: number): readonly SingleTrial[] {
  return loosenedLimits.flatMap((limit) => Array.from({ length: best }, (_, step) => ({ limit, step })));
}

export function singleLooseness({ limit, step }: SingleTrial, best: number): Looseness {
  return { ...allBy(timesAt(best)), [limit]: timesAt(Math.min(step, best)) };
}

/** For a limit: the tightest that refuses no more good sources than all of them loosened do, and what the next tighter refused. */
export interface SingleFinding {
  readonly times: number;
  /** Refusals of good sources that it caused by itself. */
  readonly refused: number;
}

/** `good`: the refusals of good sources in each single trial, and `least`, those where all are loosened up to `best`. */
export function singleFindings(
  best: number,
  least: number,
  good: (trial: SingleTrial) => number,
): Readonly<Record<LoosenedLimit, SingleFinding>> {
  const found = (limit: LoosenedLimit): SingleFinding => {
    let step = best;
    while (step > 0 && good({ limit, step: step - 1 }) <= least) step--;
    return { times: timesAt(step), refused: step === 0 ? 0 : good({ limit, step: step - 1 }) - least };
  };
  return {
    maxInboundConnection: found("maxInboundConnection"),
    maxInboundConnectionPerSource: found("maxInboundConnectionPerSource"),
    messageRateLimit: found("messageRateLimit"),
  };
}

export function timesAt(step: number): number {
  return looseTimes[step] ?? 1;
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
