/** Where limits have to be looser than use by itself asks for: which of them it is, tried one by one. */
import { allBy, loosenedLimits, type Looseness } from "../../core/advice/limit-proposal.ts";
import {
  singleFindings,
  singleLooseness,
  singleTrials,
  timesAt,
  type Refusals,
} from "../../core/advice/trial.ts";
import type { Loosening } from "./advised-connector.ts";

/** Of one connector, and those proposed beside it. */
export interface ToldApart {
  readonly looseness: Looseness;
  readonly loosening: Loosening | undefined;
  /** What these values refuse. */
  readonly after: Refusals;
}

export interface Trials {
  /** By connector: the step of all limits together that refuses fewest good sources. */
  readonly bests: readonly number[];
  /** What was refused at each step, by connector. */
  readonly together: readonly (readonly Refusals[])[];
  /** Replays with the looseness of each connector; `partOf`: how far all of it is when this is so far. */
  readonly played: (
    loosenesses: readonly ((connector: number) => Looseness)[],
    partOf: (part: number) => number,
  ) => Promise<readonly (readonly Refusals[])[]>;
}

const noRefusals: Refusals = { good: 0, others: 0, byLimit: {} };

/**
 * Tries each limit by itself while the others are as loose as they were together, all connectors at once, and then what was found for
 * each together. Where that refuses more good sources than all of them loosened alike, it cannot be told apart. Replays nothing where no
 * limit had to be loosened.
 */
export async function toldApart({ bests, together, played }: Trials): Promise<readonly ToldApart[]> {
  const refusedAt = (step: number, connector: number): Refusals => together[step]?.[connector] ?? noRefusals;
  const alike = bests.map((best, connector): ToldApart => ({
    looseness: allBy(timesAt(best)),
    loosening: best === 0 ? undefined : { isToldApart: false, times: timesAt(best) },
    after: refusedAt(best, connector),
  }));
  const most = Math.max(0, ...bests);
  if (most === 0) return alike;
  const trials = singleTrials(most);
  const bestOf = (connector: number): number => bests[connector] ?? 0;
  const singles = await played(
    trials.map((trial) => (connector) => singleLooseness(trial, bestOf(connector))),
    (part) => part * 0.7,
  );
  const found = bests.map((best, connector) =>
    singleFindings(best, refusedAt(best, connector).good, ({ limit, step }) => {
      const at = trials.findIndex((trial) => trial.limit === limit && trial.step === step);
      return singles[at]?.[connector]?.good ?? 0;
    }),
  );
  const loosenesses = found.map((findings): Looseness => {
    const looseness = { ...allBy(1) };
    for (const limit of loosenedLimits) looseness[limit] = findings[limit].times;
    return looseness;
  });
  const [checked = []] = await played(
    [(connector) => loosenesses[connector] ?? allBy(1)],
    (part) => 0.7 + part * 0.3,
  );
  return alike.map((one, connector): ToldApart => {
    const [looseness, findings, after] = [loosenesses[connector], found[connector], checked[connector]];
    if (
      one.loosening === undefined ||
      looseness === undefined ||
      findings === undefined ||
      after === undefined
    )
      return one;
    return after.good > one.after.good
      ? one
      : { looseness, loosening: { isToldApart: true, findings }, after };
  });
}
