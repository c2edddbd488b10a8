/** Advice in words: a sentence for each limit with the figures it rests on, and why a source is left out. */
import { weeksAhead } from "./growth.ts";
import { needOf, type JudgedSource, type UnlikeGroup } from "./judged-use.ts";
import type { LimitProposal } from "./limit-proposal.ts";
import type { Outlier } from "./source-verdict.ts";

export interface ReasonContext {
  /** Those the limit is for. */
  readonly sources: number;
  readonly days: number;
  readonly nameOf: (source: string) => string;
}

export function reasonText(proposal: LimitProposal, context: ReasonContext): string {
  const { limit } = proposal;
  switch (limit) {
    case "maxInboundConnection":
      return totalReason(proposal, context);
    case "maxInboundConnectionPercentagePerSource":
      return percentageReason(proposal);
    case "maxInboundConnectionPerSource":
      return sourceReason(proposal, "open", context);
    case "messageRateLimit":
      return sourceReason(proposal, "messages", context);
  }
}

function sourceReason(
  proposal: LimitProposal,
  by: "open" | "messages",
  { sources, days, nameOf }: ReasonContext,
): string {
  const { need, source, day, usual, change, current, value } = proposal;
  if (need === 0)
    return `Nobody had any in ${count(days, "day")}; ${change === "keep" ? `${shown(value)} stays` : `${shown(value)} is the least that is advised`}.`;
  const most = `${nameOf(source)} had ${usedText(need, by)} on ${dayText(day)}, the most of ${count(sources, "source")} in ${count(days, "day")} (99.9 % of minutes: ${usual ?? need} or fewer)`;
  const room = `${shown(value)} leaves ${headroomText(need, value)}${growthText(proposal)}`;
  if (change === "keep") return `${most}; ${room}.`;
  if (change === "raise") return `${most}; ${shortText(need, current)}, ${room}.`;
  return `${most}; with ${shown(current)} one application gone wrong takes ${current === Infinity ? "all there is" : current}, ${room}.`;
}

function totalReason(proposal: LimitProposal, { days }: ReasonContext): string {
  const { need, day, change, value, current } = proposal;
  if (need === 0) return `Nobody was connected in ${count(days, "day")}.`;
  const most = `all sources together had ${usedText(need, "open")} on ${dayText(day)}, the most in ${count(days, "day")}`;
  const room = `${shown(value)} leaves ${headroomText(need, value)}${growthText(proposal)}`;
  return capital(
    change === "raise"
      ? `${most}; ${shortText(need, current)}, ${room}.`
      : `${most}; ${room}. It protects the relay, so it is not lowered.`,
  );
}

function percentageReason({ need, value, change, current }: LimitProposal): string {
  return change === "keep"
    ? `${value} % of what others leave is ${need} and more, so the limit per source decides.`
    : `${current} % of what others leave is fewer than the ${need} that a source may have; with ${value} % the limit per source decides.`;
}

/** Why a value is so many times what use by itself asks for. `refused`: by the value next below it; undefined: not known. */
export function looserText(
  { value }: Pick<LimitProposal, "value">,
  times: number,
  refused: number | undefined,
): string {
  if (times === 1) return "";
  return refused === undefined
    ? ` It is ${times} times what that asks for, as the other limits are: replayed, good sources were refused with less, and which limit it was cannot be told.`
    : ` It is ${times} times what that asks for: replayed with less, it refused good sources ${count(refused, "time")}; ${shown(value)} is the least tried that does not.`;
}

/** By this the value is more than what was needed. */
export function headroom(need: number, value: number): number {
  return need === 0 ? Infinity : value / need - 1;
}

function headroomText(need: number, value: number): string {
  const room = headroom(need, value);
  if (room === Infinity) return "all the room there is";
  if (room <= 0) return "no head-room";
  return room >= 10 ? `${Math.round(room + 1)} times that` : `${Math.round(room * 100)} % head-room`;
}

/** Why a value is too low. */
function shortText(need: number, current: number): string {
  if (current < need) return `${shown(current)} refuses that`;
  const room = headroomText(need, current);
  return `${shown(current)} leaves ${room}${headroom(need, current) > 0 ? " only" : ""}`;
}

function growthText({ growth }: LimitProposal): string {
  return growth === 0
    ? ""
    : `; it grows by ${Math.round(growth * 100)} % a week, ${weeksAhead} weeks of which are in it`;
}

function usedText(used: number, by: "open" | "messages"): string {
  return by === "open" ? `${count(used, "connection")} at once` : `${count(used, "message")} in a minute`;
}

/** Why what a source did does not count. */
export function outlierText(outlier: Outlier, by: "open" | "messages"): string {
  const { kind, highest, day, days, usual, usualDays, idlePart, meanLifeMs, refused } = outlier;
  const when =
    days === 1 ? `on ${dayText(day)}` : `on ${dayText(day)}, and the like on ${count(days, "day")}`;
  const step =
    usualDays === 0
      ? "it was never otherwise"
      : `${usual} at most on the ${count(usualDays, "other day", "other days")}`;
  switch (kind) {
    case "leak":
      return `${usedText(highest, by)} ${when}, ${step}; ${Math.round(idlePart * 100)} % of the time they were open nothing was sent, and they lasted ${lasted(meanLifeMs)}: they look as if they were never closed (a leak)`;
    case "storm":
      return `${refused} refused attempts without a pause ${when}, ${step}: the same clients again and again, not so many clients`;
    case "flood":
      return `${usedText(highest, by)} ${when}, ${step}: a flood, not use`;
  }
}

export function ownReason(group: UnlikeGroup, others: number): string {
  const { by, need, othersNeed, sources } = group;
  const what = by === "open" ? "connections at once" : "messages a minute";
  const [only] = sources;
  const names = sources.length === 1 && only !== undefined ? hiddenText(only) : "";
  return `It needs ${need} ${what}, the ${count(others, "other source")} ${othersNeed} at most: one limit for both would refuse it or stop none of the others.${names}`;
}

/** Who would be refused by a limit for the rest, and is not, because a connector of its own goes with it; empty: nobody. */
export function besideText(
  { limit, value }: Pick<LimitProposal, "limit" | "value">,
  groups: readonly UnlikeGroup[],
): string {
  const by =
    limit === "maxInboundConnectionPerSource"
      ? "open"
      : limit === "messageRateLimit"
        ? "messages"
        : undefined;
  if (by === undefined) return "";
  return groups
    .map((group) => ({ group, need: needOf(group.sources, by) }))
    .filter(({ need }) => need > value)
    .map(
      ({ group: { application, sources }, need }) =>
        ` ${application || (sources[0]?.use.source ?? "")} needs ${need}: it is right together with a connector of its own for it.`,
    )
    .join("");
}

/** Several applications behind one address: limits per source hit all of them. */
function hiddenText({ use: { heloNameCount, heloNames, userCount } }: JudgedSource): string {
  if (heloNameCount < 2 && userCount < 2) return "";
  const helo =
    heloNameCount < 2
      ? ""
      : `${heloNameCount} HELO names (${heloNames.slice(0, 3).join(", ")}${heloNameCount > 3 ? ", …" : ""})`;
  const users = userCount < 2 ? "" : `${userCount} accounts`;
  return ` Behind the one address are ${[helo, users].filter((text) => text !== "").join(" and ")}: it may be a NAT gateway, and limits per source hit all behind it.`;
}

function lasted(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1000)} seconds`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} minutes`;
  return `${Math.round(ms / 3_600_000)} hours`;
}

export function dayText(day: number): string {
  return new Date(day).toISOString().slice(0, 10);
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function shown(value: number): string {
  return value === Infinity ? "unlimited" : String(value);
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
