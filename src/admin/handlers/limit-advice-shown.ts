/** Advice as the contract shows it. */
import type { Settings } from "../../config/settings.ts";
import {
  besideText,
  headroom,
  looserText,
  outlierText,
  ownReason,
  reasonText,
} from "../../core/advice/advice-text.ts";
import type { JudgedSource } from "../../core/advice/judged-use.ts";
import type { LimitProposal } from "../../core/advice/limit-proposal.ts";
import type { RateProposal } from "../../core/advice/rate-proposal.ts";
import { connectionCost } from "../../core/advice/connection-cost.ts";
import { commandWord } from "../../core/units/command-word.ts";
import type { Output } from "../contract.ts";
import type { Advised, Loosening } from "./advised-connector.ts";
import { limitSettings, type Edit } from "./limit-advice-edits.ts";
import { shownApplication, shownLimit } from "./shown-values.ts";

type Shown = Output<"getLimitAdvice">["connectors"][number];
type ShownLimit = Shown["limits"][number];

/** Most of them stand for the rest. */
const mostSources = 1_000;

export function shownAdvice(
  settings: Settings,
  { connector, advice, isLearning, limits, own, loosening, before, after }: Advised,
  days: number,
  edits: readonly Edit[],
): Shown {
  const owned = new Set(advice.own.flatMap(({ group }) => group.sources));
  const rest = advice.sources.filter((source) => !owned.has(source));
  const nameOf = (source: string): string => {
    const name = shownApplication(settings, source)?.name;
    return name === undefined ? source : `${name} (${source})`;
  };
  const groups = advice.own.map(({ group }) => group);
  // What is learned is put in force, what is unlike the rest gets its connector, by all edits together alone.
  const apply = `weir Get-LimitAdvice -Connector ${commandWord(connector.name)} -Apply`;
  const commandOf = (of: readonly LimitProposal[]): string | null => {
    const changes = limitSettings(of, connector.messageRateSource, isLearning);
    if (Object.keys(changes).length === 0) return null;
    return isLearning || groups.length > 0 ? apply : setCommand(connector.name, changes);
  };
  return {
    connector: connector.name,
    notEnough: advice.notEnough === "" ? null : advice.notEnough,
    isLearning,
    limits: limits.map((proposal) =>
      shownLimitAdvice(
        proposal,
        reasonText(proposal, { sources: rest.length, days, nameOf }) +
          looserTextOf(proposal, loosening) +
          besideText(proposal, groups),
        commandOf([proposal]),
      ),
    ),
    refusals: {
      before: before.good,
      after: after.good,
      othersBefore: before.others,
      othersAfter: after.others,
    },
    leftOut: advice.sources.flatMap((source) => shownOutliers(settings, source)),
    own: own.map(({ name, limits: ownLimits }, index) => {
      const group = advice.own[index]?.group;
      const ranges = group?.sources.map(({ use }) => use.source) ?? [];
      return {
        name,
        remoteIpRanges: [...ranges],
        reason: group === undefined ? "" : ownReason(group, rest.length),
        limits: ownLimits.map((proposal) =>
          shownLimitAdvice(
            proposal,
            reasonText(proposal, { sources: ranges.length, days, nameOf }) +
              looserTextOf(proposal, loosening),
            proposal.change === "keep" ? null : apply,
          ),
        ),
        command: apply,
      };
    }),
    use: [...advice.sources]
      .sort((a, b) => b.open.highest - a.open.highest || b.messages.highest - a.messages.highest)
      .slice(0, mostSources)
      .map(({ use, open, messages }) => ({
        source: use.source,
        application: shownApplication(settings, use.source),
        connections: use.connections,
        messages: use.messages,
        highestOpen: open.highest,
        usualOpen: use.usualOpen,
        highestMessages: messages.highest,
        usualMessages: use.usualMessages,
      })),
    sourceCount: advice.sources.length,
    edits: [...edits],
    command: commandOf(limits),
  };
}

function looserTextOf(proposal: LimitProposal, loosening: Loosening | undefined): string {
  const { limit, value } = proposal;
  if (loosening === undefined || limit === "maxInboundConnectionPercentagePerSource" || value === Infinity)
    return "";
  if (!loosening.isToldApart) return looserText(proposal, loosening.times, undefined);
  const { times, refused } = loosening.findings[limit];
  return looserText(proposal, times, refused);
}

export function shownRate(
  { current, value, change, need, day, growth }: RateProposal,
  days: number,
): ShownLimit {
  const on = new Date(day).toISOString().slice(0, 10);
  return {
    limit: "maxConnectionRatePerMinute",
    current: shownLimit(current),
    value: shownLimit(value),
    change,
    reason: `All clients together opened ${need === 1 ? "1 connection" : `${need} connections`} in a minute on ${on}, the most in ${days} days; ${shownLimit(value)} leaves ${headroomText(need, value)}.`,
    highest: need,
    p999: null,
    headroom: shownHeadroom(need, value),
    growthPerWeek: growth,
    cost: null,
    command:
      change === "keep" ? null : `weir Set-TransportService -MaxConnectionRatePerMinute ${shownLimit(value)}`,
  };
}

function headroomText(need: number, value: number): string {
  const room = headroom(need, value);
  return room === Infinity ? "all the room there is" : `${Math.round(room * 100)} % head-room`;
}

function shownLimitAdvice(proposal: LimitProposal, reason: string, command: string | null): ShownLimit {
  const { limit, current, value, change, need, usual, growth } = proposal;
  return {
    limit,
    current: shownLimit(current),
    value: shownLimit(value),
    change,
    reason,
    highest: need,
    p999: usual ?? null,
    headroom: limit === "maxInboundConnectionPercentagePerSource" ? null : shownHeadroom(need, value),
    growthPerWeek: growth,
    cost: limit === "maxInboundConnection" ? connectionCost(value) : null,
    command,
  };
}

function shownHeadroom(need: number, value: number): number | null {
  const room = headroom(need, value);
  return Number.isFinite(room) ? room : null;
}

function setCommand(connector: string, settings: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(settings).map(
    ([setting, value]) => `-${setting.charAt(0).toUpperCase()}${setting.slice(1)} ${String(value)}`,
  );
  return `weir Set-ReceiveConnector ${commandWord(connector)} ${words.join(" ")}`;
}

function shownOutliers(settings: Settings, { use, open, messages }: JudgedSource): Shown["leftOut"] {
  const told = [
    ["open", "maxInboundConnectionPerSource", open.outlier],
    ["messages", "messageRateLimit", messages.outlier],
  ] as const;
  return told.flatMap(([by, limit, outlier]) =>
    outlier === undefined
      ? []
      : [
          {
            source: use.source,
            application: shownApplication(settings, use.source),
            kind: outlier.kind,
            limit,
            reason: outlierText(outlier, by),
            highest: outlier.highest,
          },
        ],
  );
}
