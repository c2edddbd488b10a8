/** Values for the limits of a connector, out of what its sources need. Reasons in words: advice-text.ts. */
import { allowedByPercentage, type ConnectionLimits } from "../policy/connection-limits.ts";
import { percentageFor, perSourceFor, roundUp, withHeadroom } from "../policy/limit-advice.ts";
import type { ReceiveConnectorSettings } from "../policy/receive-connector.ts";
import { largestOf } from "../units/extremes.ts";
import { growthPerWeek, grown } from "./growth.ts";
import { needOf, type JudgedSource, type UnlikeGroup } from "./judged-use.ts";
import type { ConnectorUse } from "./use-facts.ts";

export type AdvisedLimit = keyof ConnectionLimits | "messageRateLimit";

/** As the file has them. */
export type AdvisedSettings = ConnectionLimits &
  Pick<ReceiveConnectorSettings, "messageRateLimit" | "messageRateSource">;

export interface LimitProposal {
  readonly limit: AdvisedLimit;
  readonly current: number;
  readonly value: number;
  readonly change: "raise" | "lower" | "keep";
  /** What a good source, or all together, used at most; of a percentage: what it must come to. */
  readonly need: number;
  /** Whose; empty: of all together. */
  readonly source: string;
  readonly day: number;
  /** What 99.9 % of the minutes of each good source did not exceed; undefined: of all together. */
  readonly usual: number | undefined;
  /** 0.08: by 8 % a week. */
  readonly growth: number;
}

/** A limit of fewer would be a nuisance, whatever the past. */
const least = { maxInboundConnectionPerSource: 5, messageRateLimit: 30 } as const;
/** So near to what is needed it is raised. */
const nearness = 1.1;
/** So many times what is advised it stops nobody. */
const looseness = 3;

export interface ProposalInput {
  readonly use: ConnectorUse;
  readonly settings: AdvisedSettings;
  /** Those that the limits are for. */
  readonly sources: readonly JudgedSource[];
  /** Until then. */
  readonly lastMs: number;
  /** The limits were not enforced: each is to be set. */
  readonly isLearned: boolean;
}

export function proposeLimits(input: ProposalInput): readonly LimitProposal[] {
  const { settings } = input;
  const perSource = forSources(input, "maxInboundConnectionPerSource", "open");
  const total = forAll(input);
  return [
    total,
    perSource,
    forPercentage(settings.maxInboundConnectionPercentagePerSource, perSource, total),
    forSources(input, "messageRateLimit", "messages"),
  ];
}

/** How many times looser; a percentage follows from the limits of connections. */
export type Looseness = Readonly<Record<LoosenedLimit, number>>;
export const loosenedLimits = [
  "maxInboundConnection",
  "maxInboundConnectionPerSource",
  "messageRateLimit",
] as const;
export type LoosenedLimit = (typeof loosenedLimits)[number];

export function allBy(times: number): Looseness {
  return { maxInboundConnection: times, maxInboundConnectionPerSource: times, messageRateLimit: times };
}

/** The same, so many times looser: what replaying it asks for. */
export function loosened(proposals: readonly LimitProposal[], by: Looseness): readonly LimitProposal[] {
  if (loosenedLimits.every((limit) => by[limit] === 1)) return proposals;
  const all = proposals.map((one) =>
    one.limit === "maxInboundConnectionPercentagePerSource" || one.value === Infinity || by[one.limit] === 1
      ? one
      : withValue(one, settable(one.limit, roundUp(one.value * by[one.limit]))),
  );
  const perSource = all.find(({ limit }) => limit === "maxInboundConnectionPerSource");
  const total = all.find(({ limit }) => limit === "maxInboundConnection");
  if (perSource === undefined || total === undefined) return all;
  return all.map((one) =>
    one.limit === "maxInboundConnectionPercentagePerSource"
      ? forPercentage(one.current, perSource, total)
      : one,
  );
}

export function withValue(proposal: LimitProposal, value: number): LimitProposal {
  const { current } = proposal;
  return { ...proposal, value, change: value > current ? "raise" : value < current ? "lower" : "keep" };
}

/** For a connector of its own. */
export function proposeForGroup(
  group: UnlikeGroup,
  { use, settings, lastMs }: Pick<ProposalInput, "use" | "settings" | "lastMs">,
): readonly LimitProposal[] {
  return proposeLimits({ use, settings, sources: group.sources, lastMs, isLearned: true }).filter(
    ({ limit }) => limit !== "maxInboundConnection",
  );
}

function forSources(
  { settings, sources, lastMs, isLearned }: ProposalInput,
  limit: "maxInboundConnectionPerSource" | "messageRateLimit",
  by: "open" | "messages",
): LimitProposal {
  const need = needOf(sources, by);
  const top = sources.find((source) => source[by].need === need);
  const growth = growthPerWeek(
    sources.flatMap((source) => source[by].days),
    lastMs,
  );
  const value = settable(limit, Math.max(least[limit], withHeadroom(grown(need, growth))), need);
  const usual = largestOf(sources, ({ use }) => (by === "open" ? use.usualOpen : use.usualMessages), 0);
  const isOff = limit === "messageRateLimit" && settings.messageRateSource === "None";
  return decided(
    {
      limit,
      current: isOff ? Infinity : settings[limit],
      value,
      change: "keep",
      need,
      source: top?.use.source ?? "",
      day: top?.[by].days.find((one) => one.value === need)?.day ?? 0,
      // Outliers are outliers in their minutes too.
      usual: Math.min(need, usual),
      growth,
    },
    isLearned,
  );
}

/** It protects the process, not sources from each other: it is raised, never lowered. */
function forAll({ use, settings, sources, lastMs }: ProposalInput): LimitProposal {
  const strange = new Set(
    sources.flatMap(({ open, use: { days } }) =>
      open.outlier === undefined
        ? []
        : days.filter(({ day }) => !open.days.some((one) => one.day === day)).map(({ day }) => day),
    ),
  );
  const ordinary = use.days.filter(({ day }) => !strange.has(day));
  const days = (ordinary.length > 0 ? ordinary : use.days).map(({ day, open }) => ({ day, value: open }));
  const need = Math.max(0, ...days.map(({ value }) => value));
  const growth = growthPerWeek(days, lastMs);
  const current = settings.maxInboundConnection;
  const wanted = withHeadroom(grown(need, growth));
  return withValue(
    {
      limit: "maxInboundConnection",
      current,
      value: current,
      change: "keep",
      need,
      source: "",
      day: days.find(({ value }) => value === need)?.day ?? 0,
      usual: undefined,
      growth,
    },
    grown(need, growth) * nearness > current ? Math.max(current, wanted) : current,
  );
}

/** So much that the limit per source decides, also while the others have all they ever had. */
function forPercentage(current: number, perSource: LimitProposal, total: LimitProposal): LimitProposal {
  const byOthers = Math.max(0, total.need - perSource.need);
  const isEnough = perSource.value <= allowedByPercentage(current, total.value, byOthers);
  const value = isEnough
    ? current
    : Math.max(current, percentageFor(perSource.value, total.value, Math.min(byOthers, total.value - 1)));
  return withValue(
    {
      limit: "maxInboundConnectionPercentagePerSource",
      current,
      value,
      change: "keep",
      need: perSource.value === Infinity ? perSource.need : perSource.value,
      source: "",
      day: 0,
      usual: undefined,
      growth: 0,
    },
    value,
  );
}

/** What the setting takes. `need`: what it must let in; default: all of the value. */
function settable(limit: AdvisedLimit, value: number, need = value): number {
  return limit === "maxInboundConnectionPerSource" ? perSourceFor(value, need) : value;
}

function decided(proposal: LimitProposal, isLearned: boolean): LimitProposal {
  const { current, value, need, growth } = proposal;
  const isTooNear = grown(need, growth) * nearness > current;
  const isTooLoose = current > looseness * value;
  return withValue(proposal, isLearned || isTooNear || isTooLoose ? value : current);
}
