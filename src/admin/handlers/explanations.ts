/** From a source, or from what a sender's log says, to the limit it met and the command that changes it. */
import { adviseLimit, type LimitAdvice } from "../../core/policy/limit-advice.ts";
import {
  chooseReceiveConnector,
  type ReceiveConnectorSettings,
} from "../../core/policy/receive-connector.ts";
import type { StoredEvent } from "../../events/store/stored-event.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import { parseAddress } from "../../core/units/ip-address.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { shownConnection, sourceKeyOf } from "./connections.ts";
import { shownRefusals } from "./refusals.ts";
import { refusalsOf, type ToldRefusals } from "./told-refusals.ts";
import { shownApplication, shownEvent, shownLimit } from "./shown-values.ts";

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
      const [network = ""] = source.split("/");
      const address = parseAddress(network);
      const now = clock.wall().getTime();
      const { ipv6SourcePrefixLength } = relay.settings.transport;
      const events = await relay.eventStore.query({
        source,
        ipv6SourcePrefixLength,
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
      const names = new Set([
        ...usages.keys(),
        ...told.flatMap(({ last: { connector } }) => connector ?? []),
        ...discredits.keys(),
      ]);
      return {
        source,
        application: shownApplication(relay.settings, source),
        wouldReach:
          address === undefined
            ? []
            : bindings(relay).map((binding) => ({
                binding: formatEndpoint(binding),
                connector:
                  chooseReceiveConnector(relay.settings.receiveConnectors, binding, address)?.name ?? null,
              })),
        connectors: [...names].map((name) => ({
          ...explained(
            relay,
            name,
            usages.get(name),
            told.filter(({ last: { connector } }) => connector === name),
            events,
          ),
          discreditedForMs: discredits.get(name) ?? null,
        })),
        connections: relay
          .connections()
          .filter((open) => open.source === source)
          .map((open) => shownConnection(relay, open)),
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

function explained(
  relay: Relay,
  name: string,
  usage: SourceUsage | undefined,
  told: readonly ToldRefusals[],
  events: readonly StoredEvent[],
): Omit<Explained, "discreditedForMs"> {
  const known = usage?.refusals ?? [];
  // Usage is forgotten by a restart, stored events are not.
  const forgotten = told.filter(
    ({ last }) => !known.some((one) => one.last.kind === last.kind && one.last.limit === last.limit),
  );
  const refusals = [
    ...known.map((one) => ({
      ...shownRefusals(one),
      reply:
        replyTo(events, one.last.reference) ??
        told.find(({ last }) => last.kind === one.last.kind)?.reply ??
        null,
    })),
    ...forgotten.map((one) => ({ ...shownRefusals(one), reply: one.reply ?? null })),
  ];
  return {
    connector: name,
    openConnections: usage?.open ?? 0,
    highestOpenLastHour: usage?.highestOpenLastHour ?? 0,
    highestOpenLastDay: usage?.highestOpenLastDay ?? 0,
    meanConnectionMs: usage?.meanConnectionMs ?? null,
    messagesLastMinute: usage?.messagesLastMinute ?? 0,
    highestMessagesLastHour: usage?.highestMessagesLastHour ?? 0,
    highestMessagesLastDay: usage?.highestMessagesLastDay ?? 0,
    refusals: refusals.sort((a, b) => b.lastAt.localeCompare(a.lastAt)),
    advice: advice(relay, name, usage, forgotten, refusals).map(({ changes, command, notes }) => ({
      changes: changes.map(({ limit, configured, suggested }) => ({
        limit,
        configured: shownLimit(configured),
        suggested: shownLimit(suggested),
      })),
      command,
      notes: [...notes],
    })),
  };
}

function replyTo(events: readonly StoredEvent[], reference: string): string | undefined {
  const event = events.find(({ fields }) => fields["reference"] === reference);
  const reply = event?.fields["reply"];
  return typeof reply === "string" ? reply : undefined;
}

/** For what was refused within the last day; nothing where the settings are enough by now. */
function advice(
  relay: Relay,
  name: string,
  usage: SourceUsage | undefined,
  forgotten: readonly ToldRefusals[],
  refusals: readonly { readonly limit: string | null }[],
): LimitAdvice[] {
  const connector = relay.settings.receiveConnectors.find((known) => known.name === name);
  if (connector === undefined || refusals.length === 0) return [];
  const seenBy = (limit: string): number =>
    Math.max(
      0,
      ...forgotten.filter(({ last }) => last.limit === limit).map(({ mostSeen = 0 }) => mostSeen + 1),
    );
  const ofSource = Math.max(
    usage?.wantedConnectionsLastDay ?? 0,
    seenBy("maxInboundConnectionPerSource"),
    seenBy("maxInboundConnectionPercentagePerSource"),
    seenBy("maxInboundConnection") > 0 ? 1 : 0,
  );
  const byOthers = Math.max(usage?.openByOthersLastDay ?? 0, seenBy("maxInboundConnection") - 1);
  const perMinute = Math.max(usage?.wantedMessagesLastDay ?? 0, seenBy("messageRateLimit"));
  const wasRefused = (limits: readonly string[]): boolean =>
    refusals.some(({ limit }) => limit !== null && limits.includes(limit));
  const { maxConnectionRatePerMinute: rate } = relay.settings.transport;
  return [
    wasRefused([
      "maxInboundConnection",
      "maxInboundConnectionPerSource",
      "maxInboundConnectionPercentagePerSource",
    ])
      ? adviseLimit(connector, { kind: "connections", fromSource: ofSource, byOthers })
      : undefined,
    wasRefused(["messageRateLimit"]) ? adviseLimit(connector, { kind: "messages", perMinute }) : undefined,
    wasRefused(["maxConnectionRatePerMinute"])
      ? adviseLimit(connector, {
          kind: "connectionRate",
          perMinute: Math.max(
            relay.usage.connectionRate().wantedLastDay,
            seenBy("maxConnectionRatePerMinute"),
          ),
          configured: rate,
        })
      : undefined,
  ].filter((each) => each !== undefined);
}
