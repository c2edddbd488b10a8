/** A value for maxConnectionRatePerMinute, which is of the whole relay. */
import { withHeadroom } from "../policy/limit-advice.ts";
import { grown, growthPerWeek } from "./growth.ts";
import { verdictOf } from "./source-verdict.ts";
import type { RecordedUse } from "./use-facts.ts";

export interface RateProposal {
  readonly current: number;
  readonly value: number;
  readonly change: "raise" | "keep";
  readonly need: number;
  readonly day: number;
  readonly growth: number;
}

/** So near to what is needed it is raised. */
const nearness = 1.1;

/** Undefined: nobody came. It is raised where it must be, never lowered: it protects the relay, not sources from each other. */
export function rateProposal({ arrivals, last = 0 }: RecordedUse, current: number): RateProposal | undefined {
  if (arrivals.length === 0) return undefined;
  const { need, days } = verdictOf(
    arrivals.map(({ day, perMinute }) => ({
      day,
      messages: perMinute,
      open: 0,
      openAtOnce: 0,
      connections: 0,
      lifeMs: 0,
      idleMs: 0,
      refused: 0,
      refusedInStorm: 0,
    })),
    "messages",
  );
  const growth = growthPerWeek(days, last);
  const wanted = withHeadroom(grown(need, growth));
  const isRaised = grown(need, growth) * nearness > current;
  return {
    current,
    value: isRaised ? Math.max(current, wanted) : current,
    change: isRaised && wanted > current ? "raise" : "keep",
    need,
    day: days.find(({ value }) => value === need)?.day ?? 0,
    growth,
  };
}
