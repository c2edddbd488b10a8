/** Advice as edits of the configuration: all of it is one change. */
import { plainReceiveConnector } from "../../config/plain-settings.ts";
import { receiveConnectorKinds } from "../../config/setting-kinds.ts";
import type { Settings } from "../../config/settings.ts";
import { isGood, type UnlikeGroup } from "../../core/advice/judged-use.ts";
import { learnedApplications, learnedRanges } from "../../core/advice/learned.ts";
import type { LimitProposal } from "../../core/advice/limit-proposal.ts";
import { formatDuration } from "../../core/units/duration.ts";
import type { RateProposal } from "../../core/advice/rate-proposal.ts";
import type { Administered } from "../administered.ts";
import type { Json } from "../contract/values.ts";
import type { Output } from "../contract.ts";
import type { Advised } from "./advised-connector.ts";
import { origins } from "./named-settings.ts";
import { shownLimit } from "./shown-values.ts";

export type Edit = Output<"getLimitAdvice">["edits"][number];

const longestName = 64;

/** What a connector of its own is called; no other is. */
export function ownName(
  { application, sources }: UnlikeGroup,
  { name: parent }: Settings["receiveConnectors"][number],
  names: readonly string[],
): string {
  // Without what paths of settings are split at.
  const wanted = (application || `${parent} ${(sources[0]?.use.source ?? "").replace(/[./:]+/g, "-")}`).slice(
    0,
    longestName - 4,
  );
  const taken = new Set(names.map((one) => one.toLowerCase()));
  let name = wanted;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted} ${number}`;
  return name;
}

export function adviceEdits(administered: Administered, advised: Advised): readonly Edit[] {
  const { connector, advice, isLearning, limits, own } = advised;
  const { settings } = administered.relay;
  const section = "receiveConnectors";
  const changed = limitSettings(limits, connector.messageRateSource, isLearning);
  // Who went wrong is held by the limits, not turned away for good; who never sent anything may be anybody.
  const known = advice.sources.filter((source) => isGood(source) || source.use.messages > 0);
  const owned = new Set(advice.own.flatMap(({ group }) => group.sources));
  const ranges = learnedRanges(
    known.filter((source) => !owned.has(source) && !source.use.isOfDirectory).map(({ use }) => use.source),
    connector.remoteIpRanges,
  );
  const learned =
    !isLearning || advice.limits.length === 0
      ? {}
      : {
          ...(ranges.length === 0 ? {} : { remoteIpRanges: [...ranges] }),
          reportOnly: null,
          learnUntil: null,
        };
  const change = { ...changed, ...learned };
  const applications =
    isLearning && advice.limits.length > 0
      ? learnedApplications(
          known.filter(({ use }) => !use.isOfDirectory),
          settings.applications.map(({ name }) => name),
        )
      : [];
  return [
    ...(Object.keys(change).length === 0
      ? []
      : [
          {
            kind: "set" as const,
            section: "receiveConnectors" as const,
            name: connector.name,
            settings: change,
          },
        ]),
    ...own.map(({ name, limits: ownLimits }, index) => ({
      kind: "add" as const,
      section: "receiveConnectors" as const,
      name,
      settings: {
        ...givenSettings(administered, connector),
        remoteIpRanges: [...(advice.own[index]?.group.sources.map(({ use }) => use.source) ?? [])],
        ...limitSettings(ownLimits, connector.messageRateSource, true),
      },
    })),
    ...applications.map(({ name, addresses }) => ({
      kind: "add" as const,
      section: "applications" as const,
      name,
      settings: { addresses: [...addresses] },
    })),
  ];

  /** What the file gives of the connector, or its preset. */
  function givenSettings(
    of: Administered,
    parent: Settings["receiveConnectors"][number],
  ): Record<string, Json> {
    const plain = plainReceiveConnector(parent);
    const index = settings.receiveConnectors.indexOf(parent);
    const from = origins(of, section, index, plain);
    const left = new Set(["name", "comment", "reportOnly", "candidate", "learnUntil", "watched"]);
    return Object.fromEntries(
      Object.entries(plain)
        .filter(([name]) => from[name] !== "default" && !left.has(name))
        .map(([name, value]) => [name, asInFile(name, value as Json)]),
    );
  }
}

/**
 * Those of several connectors as one change. Each has them as if it were alone; together a name is added once, and an address belongs to
 * the application that was proposed for it first.
 */
export function editsTogether(each: readonly (readonly Edit[])[]): Edit[] {
  const applications = new Map<string, { readonly name: string; readonly addresses: Set<string> }>();
  const placed = new Set<string>();
  const others: Edit[] = [];
  for (const edit of each.flat()) {
    if (edit.kind !== "add" || edit.section !== "applications") {
      others.push(edit);
      continue;
    }
    const key = edit.name.toLowerCase();
    const application = applications.get(key) ?? { name: edit.name, addresses: new Set() };
    applications.set(key, application);
    for (const address of addressesOf(edit.settings))
      if (!placed.has(address)) {
        placed.add(address);
        application.addresses.add(address);
      }
  }
  return [
    ...others,
    ...[...applications.values()]
      .filter(({ addresses }) => addresses.size > 0)
      .map(({ name, addresses }) => ({
        kind: "add" as const,
        section: "applications" as const,
        name,
        settings: { addresses: [...addresses] },
      })),
  ];
}

function addressesOf({ addresses }: Readonly<Record<string, unknown>>): readonly string[] {
  return Array.isArray(addresses) ? addresses.filter((one) => typeof one === "string") : [];
}

/** A duration without its unit is none to the file. */
function asInFile(setting: string, value: Json): Json {
  return receiveConnectorKinds[setting] === "duration" && typeof value === "number"
    ? formatDuration(value)
    : value;
}

export function rateEdits({ change, value }: RateProposal): readonly Edit[] {
  return change === "keep"
    ? []
    : [
        {
          kind: "setSection",
          section: "transport",
          settings: { maxConnectionRatePerMinute: shownLimit(value) },
        },
      ];
}

/** `all`: also those that stay. */
export function limitSettings(
  limits: readonly LimitProposal[],
  messageRateSource: string,
  all: boolean,
): Record<string, Json> {
  const set = limits.filter(({ change }) => all || change !== "keep");
  const isRated = set.some(({ limit, value }) => limit === "messageRateLimit" && value < Infinity);
  return {
    ...Object.fromEntries(set.map(({ limit, value }) => [limit, shownLimit(value)])),
    ...(isRated && messageRateSource === "None" ? { messageRateSource: "IPAddress" } : {}),
  };
}
