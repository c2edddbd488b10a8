/** Which values of a limit are tried, so that a slider has something to go over. */
import type { Input, Output } from "../../../../../src/admin/contract.ts";

type Advice = Output<"getLimitAdvice">["connectors"][number];
export type Variant = NonNullable<Input<"testReceiveConnector">["variants"]>[number];

export const limits = ["maxInboundConnectionPerSource", "messageRateLimit", "maxInboundConnection"] as const;
export type Limit = (typeof limits)[number];

/** All of them are tried in one pass, fifty at most. */
const mostValues = 16;
const steps = 13;

/** From a fifth of what is advised to twice the highest of anything, closer where they are small; `now` and `advised` among them. */
export function valuesFor(
  now: number | "unlimited",
  advised: number | "unlimited",
  highest: number,
): number[] {
  const known = [now, advised].filter((value) => value !== "unlimited");
  const most = 2 * Math.max(highest, 5, ...known.filter((value) => value <= 4 * highest));
  const least = Math.max(1, Math.floor(Math.min(most / 2, ...known) / 5));
  const spread = Array.from({ length: steps }, (_, step) =>
    Math.round(least * (most / least) ** (step / (steps - 1))),
  );
  return [...new Set([...spread, ...known])].sort((a, b) => a - b).slice(-mostValues);
}

export interface TriedLimit {
  readonly limit: Limit;
  readonly values: readonly number[];
}

export function triedLimits({ limits: advised, use }: Advice): TriedLimit[] {
  return limits.flatMap((limit) => {
    const one = advised.find((advice) => advice.limit === limit);
    if (one === undefined) return [];
    const seen = use.map(({ highestOpen, highestMessages }) =>
      limit === "messageRateLimit" ? highestMessages : highestOpen,
    );
    const highest = Math.max(one.highest, limit === "maxInboundConnection" ? 0 : Math.max(0, ...seen));
    return [{ limit, values: valuesFor(one.current, one.value, highest) }];
  });
}

/** Each limit by itself: what others refuse is no answer to whether this one is right. */
const othersOff = {
  maxInboundConnection: "unlimited",
  maxInboundConnectionPerSource: "unlimited",
  maxInboundConnectionPercentagePerSource: 100,
  messageRateLimit: "unlimited",
};

export function variantsOf(tried: readonly TriedLimit[], advice: Advice): Variant[] {
  return tried.flatMap(({ limit, values }) =>
    values.map((value) => ({ ...othersOff, ...settingsFor(limit, value, advice) })),
  );
}

/** What makes the value hold: by what messages are counted goes with a rate where nobody was counted. */
export function settingsFor(limit: Limit, value: number, { edits }: Advice): Variant {
  const counted = edits.flatMap((edit) => (edit.kind === "set" ? [edit.settings["messageRateSource"]] : []));
  const by = limit === "messageRateLimit" ? counted.find((source) => source !== undefined) : undefined;
  return { [limit]: value, ...(by === undefined ? {} : { messageRateSource: by }) };
}
