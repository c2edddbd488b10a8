/** From a source, or from what a sender's log says, to what it was refused and the command that helps. */
import {
  chooseReceiveConnector,
  type ReceiveConnectorSettings,
} from "../../core/policy/receive-connector.ts";
import type { StoredEvent } from "../../events/store/stored-event.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import { noConnectorName } from "../../core/refusals/refusal.ts";
import { parseAddress, type IpAddress } from "../../core/units/ip-address.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { shownConnection, sourceKeyOf } from "./connections.ts";
import {
  doorRemedy,
  limitAdvice,
  remediesFor,
  shownAdvice,
  type MetBy,
  type RemedySource,
  type ShownRemedy,
} from "./remedies.ts";
import { shownRefusals } from "./refusals.ts";
import { refusalsOf, type ToldRefusals } from "./told-refusals.ts";
import { shownApplication, shownEvent } from "./shown-values.ts";

type Explained = Output<"explainSource">["connectors"][number];
type Relay = Administered["relay"];
type SourceUsage = ReturnType<Relay["usage"]["source"]>[number];

const dayMs = 86_400_000;
/** Looked through for refusals; shown are fewer. */
const eventsRead = 1_000;
const eventsShown = 50;

export function explanationHandlers({
  relay,
  clock,
}: Administered): Pick<Handlers, "explainSource" | "explainReference"> {
  return {
    explainSource: async ({ source: given }) => {
      const source = sourceKeyOf(relay, given.trim());
      const now = clock.wall().getTime();
      const { receiveConnectors, transport } = relay.settings;
      const events = await relay.eventStore.query({
        source,
        ipv6SourcePrefixLength: transport.ipv6SourcePrefixLength,
        since: new Date(now - dayMs),
        limit: eventsRead,
      });
      const usages = new Map(relay.usage.source(source).map((usage) => [usage.connector, usage]));
      const told = refusalsOf(events, now);
      const discredits = new Map(
        relay
          .discredits()
          .filter((discredit) => discredit.source === source)
          .map(({ connector, leftMs }) => [connector, leftMs]),
      );
      const connections = relay.connections().filter((open) => open.source === source);
      const names = new Set([
        ...usages.keys(),
        ...told.map(({ last: { connector = noConnectorName } }) => connector),
        ...discredits.keys(),
      ]);
      const met = new Map([...names].map((name) => [name, metBy(name, usages.get(name), told)]));
      const all = [...met.values()].flat();
      const address = addressOf(given, all, connections);
      const wouldReach =
        address === undefined
          ? []
          : bindings(relay).map((binding) => ({
              binding: formatEndpoint(binding),
              connector: chooseReceiveConnector(receiveConnectors, binding, address)?.name ?? null,
            }));
      const reached = [...new Set(wouldReach.flatMap(({ connector }) => connector ?? []))];
      const remedySource: RemedySource = { relay, address, reached, usageOf: (name) => usages.get(name) };
      const remedies = remediesFor(remedySource, all);
      return {
        source,
        application: shownApplication(relay.settings, source),
        wouldReach,
        connectors: [...met].map(([name, ofConnector]) => ({
          connector: name,
          ...shownUsage(usages.get(name)),
          discreditedForMs: discredits.get(name) ?? null,
          tarpitMs: receiveConnectors.find((one) => one.name === name)?.tarpitInterval ?? 0,
          refusals: ofConnector
            .map((one) => ({
              ...shownRefusals(one.counted),
              reply: replyTo(events, one.last.reference) ?? one.reply ?? null,
              over: remedies.get(one) === undefined,
            }))
            .sort((a, b) => b.lastAt.localeCompare(a.lastAt)),
          advice: adviceOn(remedySource, name, ofConnector),
        })),
        remedies: [
          ...[...new Set(remedies.values())].filter((one) => one !== undefined),
          ...unservedRemedy(remedySource, [...remedies.values()], clock.wall()),
        ],
        connections: connections.map((open) => shownConnection(relay, open)),
        events: events.slice(0, eventsShown).map(shownEvent),
      };
    },

    explainReference: async ({ reference: given }) => {
      const reference = given.trim().toUpperCase();
      const found = await relay.eventStore.query({ reference, limit: eventsShown });
      // Entries that stand for many name the references of others in between as well.
      const exact = found.filter(({ fields }) => fields["reference"] === reference);
      const events = exact.length > 0 ? exact : found;
      const same = (field: string): string | null => {
        const values = new Set(events.map(({ fields }) => String(fields[field] ?? "")));
        const [value] = values;
        return values.size === 1 && value !== undefined && value !== "" ? value : null;
      };
      const source = same("source");
      return {
        reference,
        events: events.map(shownEvent),
        source: source === null || parseAddress(source) === undefined ? null : source,
        connector: same("connector"),
        limit: same("setting"),
        application: source === null ? null : shownApplication(relay.settings, source),
        at: exact[0]?.at ?? null,
      };
    },
  };
}

/** Each endpoint once. */
function bindings({ settings }: Relay): ReceiveConnectorSettings["bindings"] {
  const all = settings.receiveConnectors
    .filter(({ enabled }) => enabled)
    .flatMap((connector) => connector.bindings);
  return [...new Map(all.map((binding) => [formatEndpoint(binding), binding])).values()];
}

/** For one that has not come yet: its connections would be refused. */
function unservedRemedy(source: RemedySource, said: readonly (ShownRemedy | undefined)[], now: Date) {
  if (source.reached.length > 0 || said.some((one) => one?.class === "connector")) return [];
  const remedy = doorRemedy(source, [], now.toISOString());
  return remedy === undefined ? [] : [remedy];
}

/** As counted, or as told where a restart forgot it. */
interface Known extends MetBy {
  readonly counted: SourceUsage["refusals"][number];
  readonly reply: string | undefined;
}

function metBy(name: string, usage: SourceUsage | undefined, told: readonly ToldRefusals[]): Known[] {
  const ofName = told.filter(({ last: { connector = noConnectorName } }) => connector === name);
  const counted = usage?.refusals.filter(({ lastDay }) => lastDay > 0) ?? [];
  const known = (one: SourceUsage["refusals"][number], reply: string | undefined): Known => ({
    name: name === noConnectorName ? undefined : name,
    last: one.last,
    lastAt: one.lastAt.toISOString(),
    mostSeen: one.mostSeen,
    about: one.about,
    counted: one,
    reply,
  });
  const same = (one: ToldRefusals["last"], other: ToldRefusals["last"]): boolean =>
    one.kind === other.kind && one.limit === other.limit;
  return [
    ...counted.map((one) => known(one, ofName.find(({ last }) => same(last, one.last))?.reply)),
    // Usage is forgotten by a restart, stored events are not.
    ...ofName
      .filter(({ last }) => !counted.some((one) => same(one.last, last)))
      .map((one) => known(one, one.reply)),
  ];
}

/** Its own, not its network's: what was asked for, else where it came from last. */
function addressOf(
  given: string,
  met: readonly MetBy[],
  connections: readonly { readonly address: string }[],
): IpAddress | undefined {
  const [network = ""] = given.trim().split("/");
  if (!given.includes("/")) return parseAddress(network);
  const newest = met.toSorted((a, b) => b.lastAt.localeCompare(a.lastAt))[0]?.last.source;
  return parseAddress(newest ?? connections[0]?.address ?? network) ?? parseAddress(network);
}

function shownUsage(usage: SourceUsage | undefined) {
  return {
    openConnections: usage?.open ?? 0,
    highestOpenLastHour: usage?.highestOpenLastHour ?? 0,
    highestOpenLastDay: usage?.highestOpenLastDay ?? 0,
    meanConnectionMs: usage?.meanConnectionMs ?? null,
    messagesLastMinute: usage?.messagesLastMinute ?? 0,
    highestMessagesLastHour: usage?.highestMessagesLastHour ?? 0,
    highestMessagesLastDay: usage?.highestMessagesLastDay ?? 0,
  } satisfies Partial<Explained>;
}

function replyTo(events: readonly StoredEvent[], reference: string): string | undefined {
  const event = events.find(({ fields }) => fields["reference"] === reference);
  const reply = event?.fields["reply"];
  return typeof reply === "string" && reply !== "" ? reply : undefined;
}

/** Of the limits whose use is measured. */
function adviceOn(source: RemedySource, name: string, met: readonly MetBy[]): Explained["advice"] {
  const connector = source.relay.settings.receiveConnectors.find((known) => known.name === name);
  if (connector === undefined) return [];
  const found = met
    .map((one) => limitAdvice(source, one.last.kind, connector, one))
    .filter((each) => each !== undefined);
  return [...new Map(found.map((each) => [each.command, shownAdvice(each)])).values()];
}
