/** Get-LimitAdvice: values for limits out of the recorded traffic, tried on it before they are told. */
import { setImmediate } from "node:timers/promises";
import { plainReceiveConnector } from "../../config/plain-settings.ts";
import type { Settings } from "../../config/settings.ts";
import { adviseConnector, goodSources } from "../../core/advice/connector-advice.ts";
import { mostRanges } from "../../core/advice/learned.ts";
import { judgedSources, type JudgedSource } from "../../core/advice/judged-use.ts";
import { allBy, loosened, type AdvisedSettings } from "../../core/advice/limit-proposal.ts";
import { rateProposal, type RateProposal } from "../../core/advice/rate-proposal.ts";
import {
  bestTrial,
  refusalsOf,
  trialScenario,
  trialScenarios,
  type Proposed,
  type Refusals,
} from "../../core/advice/trial.ts";
import type { Scenario } from "../../core/what-if/scenario.ts";
import type { ConnectorUse, RecordedUse } from "../../core/advice/use-facts.ts";
import { contains, holds, parseIpRange, rangeSize } from "../../core/units/ip-range.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output, ReadInput } from "../contract.ts";
import { coverage, coverageNotes, withAllRecords, type OfRecords } from "./all-records.ts";
import { periodOf } from "./period.ts";
import type { Advised } from "./advised-connector.ts";
import { elsewhereText } from "./elsewhere-text.ts";
import { adviceEdits, editsTogether, ownName, rateEdits, type Edit } from "./limit-advice-edits.ts";
import { shownAdvice, shownRate } from "./limit-advice-shown.ts";
import { findNamed } from "./named-settings.ts";
import { answerInTurn, replayed, replayedOwners, scenarioOf } from "./replayed-settings.ts";
import { shownApplication } from "./shown-values.ts";
import { toldApart } from "./loosened-limits.ts";
import { toldProgress, type Progress } from "./told-progress.ts";

type Advice = Output<"getLimitAdvice">;
type Connector = Settings["receiveConnectors"][number];
type Period = ReturnType<typeof periodOf>;
type ReplayOptions = Parameters<Administered["relay"]["replayTraffic"]>[1];

const dayMs = 86_400_000;
const usualPeriodMs = 35 * dayMs;
const judgedAtOnce = 200;
/** Of the work, hearing what use was made. */
const usePart = 0.4;
/** Of the replays, trying all limits together; each by itself is rarely needed. */
const togetherPart = 0.7;
const noRefusals: Refusals = { good: 0, others: 0, byLimit: {} };

const untouched = { looseness: allBy(1), loosening: undefined, after: noRefusals };

export function limitAdviceHandlers(
  administered: Administered,
): Pick<Handlers, "getLimitAdvice" | "followLimitAdvice" | "exportTrafficRecord"> {
  const { relay, clock } = administered;

  const advised = async (
    input: ReadInput<"getLimitAdvice">,
    progress: Pick<Progress, "signal"> & Partial<Progress>,
  ): Promise<Advice> => {
    const period = periodOf(input, usualPeriodMs, clock.wall().getTime());
    return withAllRecords(progress, period, (of) => advisedOf(input, period, of));
  };

  const advisedOf = async (
    input: ReadInput<"getLimitAdvice">,
    period: Period,
    { signal, onPart, onAhead, records }: OfRecords,
  ): Promise<Advice> => {
    const { settings } = relay;
    const { others } = records;
    const { ipv6SourcePrefixLength } = settings.transport;
    const wanted =
      input.connector === undefined
        ? settings.receiveConnectors
        : [findNamed(settings.receiveConnectors, input.connector, settings.hostname, "receive connector")];
    const turn = { signal, others, onAhead };
    const use = await answerInTurn(
      relay.trafficUse(
        { ...period, ipv6SourcePrefixLength, present: scenarioOf(settings).connectors },
        { ...turn, onPart: (part) => onPart(part * usePart) },
      ),
    );
    const found: Awaited<ReturnType<typeof adviceOf>>[] = [];
    for (const connector of wanted) found.push(await adviceOf(settings, connector, use));
    const rate = rateProposal(use, settings.transport.maxConnectionRatePerMinute);
    const isRateTold = input.connector === undefined && rate !== undefined;
    const results = await tried(
      found,
      // What is not advised is not tried: of one connector alone the rate stays as it is.
      isRateTold ? rate : undefined,
      { ...turn, onPart: (part) => onPart(usePart + part * (1 - usePart)) },
      period,
    );
    const edits = results.map((one) => adviceEdits(administered, one));
    return {
      from: instant(use.first),
      to: instant(use.last),
      days: daysOf(use),
      connectors: results.map((one, index) => shownAdvice(settings, one, daysOf(use), edits[index] ?? [])),
      connectionRate: isRateTold ? shownRate(rate, daysOf(use)) : null,
      edits: [...editsTogether(edits), ...(isRateTold ? rateEdits(rate) : [])],
      notes: [
        ...coverageNotes(records),
        ...use.elsewhere.map(elsewhereText),
        ...results.flatMap((one, index) => wideText(one, edits[index] ?? [])),
        ...use.damaged
          .slice(0, 3)
          .map(({ file, what }) => `Part of the record is damaged (${file}: ${what}); the rest was read.`),
      ],
      ...coverage(records),
    };
  };

  /** Replays the record with what is proposed; the tightest values that refuse nobody who is to be let in. */
  const tried = async (
    found: readonly Pick<Advised, "connector" | "advice" | "isLearning">[],
    rate: RateProposal | undefined,
    turn: ReplayOptions & Pick<Progress, "onPart">,
    period: Period,
  ): Promise<readonly Advised[]> => {
    const { settings } = relay;
    const present = scenarioOf(settings);
    /** Of connectors that are there, and of those that are proposed. */
    const names = settings.receiveConnectors.map(({ name }) => name);
    const named = found.map((one, of) => {
      const own = one.advice.own.map((each) => {
        const name = ownName(each.group, one.connector, names);
        names.push(name);
        return { ...each, name };
      });
      return {
        ...one,
        of,
        own,
        good: goodSources(one.advice),
        names: new Set([one.connector.name, ...own.map(({ name }) => name)]),
      };
    });
    const proposed = named.flatMap(
      ({ connector, advice, own, of }): (Proposed & { readonly of: number })[] => [
        ...(advice.limits.length === 0
          ? []
          : [{ of, connector: replayed(connector), limits: advice.limits }]),
        ...own.map(({ name, group, limits }) => ({
          of,
          connector: {
            ...replayed(connector),
            name,
            remoteIpRanges: group.sources.flatMap(({ use }) => rangeOf(use.source) ?? []),
          },
          limits,
        })),
      ],
    );
    if (proposed.length === 0)
      return found.map((one) => ({
        ...one,
        limits: [],
        own: [],
        loosening: undefined,
        before: noRefusals,
        after: noRefusals,
      }));
    const rated = {
      ...present,
      maxConnectionRatePerMinute: rate?.value ?? present.maxConnectionRatePerMinute,
    };
    const played = async (scenarios: readonly Scenario[], onPart: (part: number) => void) => {
      const { worlds } = await relay.replayTraffic(
        {
          present: present.connectors,
          scenarios,
          refusedClients: { kind: "gone" },
          toldSources: "refused",
          ...replayedOwners(settings),
          ...period,
        },
        // Whoever waited for what came before does not wait again.
        { ...turn, onPart, isNext: true },
      );
      return worlds.map((world) => named.map((one) => refusalsOf(world, one.names, one.good)));
    };
    const [now = [], ...together] = await played([present, ...trialScenarios(rated, proposed)], (part) =>
      turn.onPart(part * togetherPart),
    );
    const bests = named.map(({ of }) => bestTrial(together.map((one) => one[of] ?? noRefusals)));
    const apart = await toldApart({
      bests,
      together,
      played: (loosenesses, onPart) =>
        played(
          loosenesses.map((loosenessOf) => trialScenario(rated, proposed, ({ of }) => loosenessOf(of))),
          (part) => turn.onPart(togetherPart + onPart(part) * (1 - togetherPart)),
        ),
    });
    return named.map(({ connector, advice, isLearning, own, of }) => {
      const { looseness, loosening, after } = apart[of] ?? untouched;
      return {
        connector,
        advice,
        isLearning,
        limits: loosened(advice.limits, looseness),
        own: own.map(({ name, limits }) => ({ name, limits: loosened(limits, looseness) })),
        loosening,
        before: now[of] ?? noRefusals,
        after,
      };
    });
  };

  return {
    getLimitAdvice: (input, asked) => advised(input, asked),
    followLimitAdvice: toldProgress(advised),
    exportTrafficRecord: (input) => ({
      fileName: "traffic-record",
      chunks: relay.trafficRecord.copy(periodOf(input, usualPeriodMs, clock.wall().getTime())),
    }),
  };
}

async function adviceOf(
  settings: Settings,
  connector: Connector,
  recorded: RecordedUse,
): Promise<Pick<Advised, "connector" | "advice" | "isLearning">> {
  const use: ConnectorUse = recorded.connectors.find(
    (one) => one.connector.toLowerCase() === connector.name.toLowerCase(),
  ) ?? { connector: connector.name, sources: [], days: [] };
  const plain = plainReceiveConnector(connector);
  const isLearning = connector.learnUntil !== undefined;
  const advice = adviseConnector({
    use,
    settings: asInFile(connector, plain),
    firstMs: recorded.first ?? 0,
    lastMs: recorded.last ?? 0,
    sources: await judged(use, (source) => shownApplication(settings, source)?.name ?? ""),
    mayHaveOwn: (source) => isWithin(source, connector) && !hasOwn(settings.receiveConnectors, source),
    isLearned: isLearning,
  });
  return { connector, advice, isLearning };
}

/** In pieces of some milliseconds: mail goes on in between. */
async function judged(
  { sources }: ConnectorUse,
  applicationOf: (source: string) => string,
): Promise<readonly JudgedSource[]> {
  const all: JudgedSource[] = [];
  for (let at = 0; at < sources.length; at += judgedAtOnce) {
    all.push(...judgedSources({ sources: sources.slice(at, at + judgedAtOnce) }, applicationOf));
    await setImmediate();
  }
  return all;
}

/** A limit that is only looked at is not enforced: what the file says of it is what is advised about. */
function asInFile(connector: Connector, plain: ReturnType<typeof plainReceiveConnector>): AdvisedSettings {
  const value = (name: Exclude<keyof AdvisedSettings, "messageRateSource">): number => {
    const given = plain[name];
    return typeof given === "number" ? given : Infinity;
  };
  return {
    maxInboundConnection: value("maxInboundConnection"),
    maxInboundConnectionPerSource: value("maxInboundConnectionPerSource"),
    maxInboundConnectionPercentagePerSource: value("maxInboundConnectionPercentagePerSource"),
    messageRateLimit: value("messageRateLimit"),
    messageRateSource: connector.messageRateSource,
  };
}

/** Of a connector that learned from whom mail came, and proposes no ranges: there are too many. */
function wideText({ connector, advice, isLearning }: Advised, edits: readonly Edit[]): string[] {
  const isNarrowed = edits.some((edit) => edit.kind === "set" && "remoteIpRanges" in edit.settings);
  const senders = advice.sources.filter(({ use }) => use.messages > 0 && !use.isOfDirectory).length;
  return !isLearning || advice.limits.length === 0 || isNarrowed || senders <= mostRanges
    ? []
    : [
        `Mail came to ${connector.name} from ${senders} addresses, too many to name each: its remoteIpRanges stay as they are.`,
      ];
}

/** Of an IPv6 network the connector may serve a part. */
function isWithin(source: string, { remoteIpRanges }: Connector): boolean {
  const range = rangeOf(source);
  return range === undefined || remoteIpRanges.some((one) => holds(one, range));
}

/** One that serves no more than this source. */
function hasOwn(connectors: readonly Connector[], source: string): boolean {
  const range = rangeOf(source);
  if (range === undefined) return true;
  return connectors.some(({ remoteIpRanges }) =>
    remoteIpRanges.some(
      (one) =>
        one.family === range.family &&
        contains(one, { family: range.family, value: range.first }) &&
        rangeSize(one) <= rangeSize(range),
    ),
  );
}

function rangeOf(source: string): Connector["remoteIpRanges"][number] | undefined {
  const range = parseIpRange(source);
  return range.ok ? range.value : undefined;
}

function daysOf({ first, last }: RecordedUse): number {
  return first === undefined || last === undefined ? 0 : Math.max(1, Math.round((last - first) / dayMs));
}

function instant(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
