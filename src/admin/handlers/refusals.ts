/** What was refused to whom, from the counts of the last day. */
import { refusalClasses } from "../../core/refusals/catalogue.ts";
import { noConnectorName, type Refusal } from "../../core/refusals/refusal.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { sourceKeyOf } from "./connections.ts";
import { findNamed } from "./named-settings.ts";
import { shownApplication, shownLimit } from "./shown-values.ts";

type Relay = Administered["relay"];
type Counted = ReturnType<Relay["usage"]["refusals"]>[number]["refusals"][number];
type ShownRefusals = Output<"explainSource">["connectors"][number]["refusals"][number];

const dayMs = 86_400_000;
/** The console shows no more at once. */
const mostRecent = 200;

export function refusalHandlers({ relay, clock, startedAt }: Administered): Pick<Handlers, "listRefusals"> {
  return {
    listRefusals: ({ connector: given, source, class: of, reportOnly, limit }) => {
      const { receiveConnectors, hostname } = relay.settings;
      const all = [
        ...(reportOnly === true ? [] : relay.usage.refusals()),
        ...(reportOnly === false ? [] : relay.usage.wouldBeRefusals()),
      ];
      const known = all.find(({ connector }) => connector.toLowerCase() === given?.toLowerCase());
      const connector =
        given === undefined
          ? undefined
          : (known?.connector ?? findNamed(receiveConnectors, given, hostname, "receive connector").name);
      const key = source === undefined ? undefined : sourceKeyOf(relay, source);
      const discredits = new Map(
        relay
          .discredits()
          .map(({ connector: name, source: by, leftMs }) => [`${by} ${name}`, leftMs] as const),
      );
      const rows = all
        .filter((one) => connector === undefined || one.connector === connector)
        .filter((one) => key === undefined || one.source === key)
        .flatMap((one) =>
          one.refusals
            .filter(({ last }) => of === undefined || last.class === of)
            .map((counted) => ({
              connector: one.connector === noConnectorName ? null : one.connector,
              source: one.source,
              application: shownApplication(relay.settings, one.source),
              discreditedForMs: discredits.get(`${one.source} ${one.connector}`) ?? null,
              ...shownRefusals(counted),
            })),
        )
        .sort((a, b) => b.lastHour - a.lastHour || b.lastAt.localeCompare(a.lastAt));
      const dayAgo = clock.wall().getTime() - dayMs;
      return {
        refusals: rows.slice(0, limit),
        total: rows.length,
        since: new Date(Math.max(startedAt.getTime(), dayAgo)).toISOString(),
      };
    },
  };
}

export function shownRefusals({
  last,
  lastHour,
  lastDay,
  lastAt,
  mostSeen,
  about,
}: Counted): Omit<ShownRefusals, "reply" | "over"> {
  return {
    kind: last.kind,
    class: last.class,
    title: refusalClasses[last.class],
    limit: last.limit ?? null,
    lastHour,
    lastDay,
    lastAt: lastAt.toISOString(),
    last: shownTold(last),
    mostSeen: mostSeen ?? null,
    about: [...about],
  };
}

export function shownTold(told: Refusal): ShownRefusals["last"] {
  return {
    kind: told.kind,
    class: told.class,
    connector: told.connector ?? null,
    limit: told.limit ?? null,
    configured: told.configured === undefined ? null : shownLimit(told.configured),
    allowed: told.allowed === undefined ? null : shownLimit(told.allowed),
    seen: told.seen ?? null,
    problem: told.problem,
    source: told.source,
    eventId: told.eventId,
    reference: told.reference,
    reportOnly: told.reportOnly === true,
  };
}

/** For the first page: those of the last ten minutes, most frequent first, then what would have been. */
export function recentRefusals(
  relay: Relay,
  nowMs: number,
  instant: (at: number) => string,
): Output<"getOverview">["refusals"] {
  const { refusals, wouldBeRefusals } = relay.metrics;
  return [...refusals.recent(nowMs), ...wouldBeRefusals.recent(nowMs)]
    .slice(0, mostRecent)
    .map(({ source: sourceKey, address, count, since, lastAt, ...told }) => ({
      ...shownTold({ ...told, source: address }),
      title: refusalClasses[told.class],
      sourceKey,
      application: shownApplication(relay.settings, sourceKey),
      count,
      since: instant(since),
      lastAt: instant(lastAt),
    }));
}
