/**
 * The one place where a refusal is told: the reply explained where the connector allows it, the event, and the count,
 * under one reference. What is refused, and where, is the caller's to know; what that means stands in
 * core/refusals/catalogue.ts.
 */
import { applicationOf, type Application } from "../../core/policy/application.ts";
import type { ConnectionRefusal } from "../../core/policy/connection-limits.ts";
import { explainsRefusals } from "../../core/policy/explains-refusals.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import {
  refusalCatalogue,
  spokenRefusals,
  type RefusalDefinition,
  type RefusalKind,
  type SilentKind,
} from "../../core/refusals/catalogue.ts";
import { causeText, explainedText, followingText } from "../../core/refusals/explanation.ts";
import {
  referenceOf,
  type Refusal,
  type Refused,
  type RefusedFacts,
  type ToldRefusal,
} from "../../core/refusals/refusal.ts";
import { replyLine, type Reply } from "../../core/smtp/reply.ts";
import { parseAddress, type IpAddress } from "../../core/units/ip-address.ts";
import { catalogue, type EventName } from "../../events/catalogue.ts";
import type { EventFields, Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Client } from "./client.ts";
import type { LimitUsage } from "./usage.ts";

/** Whom something is refused. */
export interface RefusedClient extends Omit<Client, "connector"> {
  /** Undefined: none is for this address. */
  readonly connector: ReceiveConnectorSettings | undefined;
  readonly user?: string | undefined;
}

export interface Refusals {
  /** Cost: some microseconds, most of them for the event. */
  refuse(client: RefusedClient, what: Refused): ToldRefusal;
  /** What only follows from `earlier`, of the same message: no event and no count of its own. */
  refuseAgain(client: RefusedClient, what: Refused, earlier: Refusal): ToldRefusal;
  /** What no reply can say. */
  tell(client: RefusedClient, kind: SilentKind, facts?: RefusedFacts): void;
  /**
   * What a limit would have refused that is only looked at: told and counted by itself, nobody is refused. `isRefused`: another
   * one does refuse it, which tells; then it is counted only.
   */
  wouldRefuse(client: RefusedClient, what: Refused, isRefused: boolean): void;
  connectionHeld(client: Client, verdict: ConnectionRefusal): void;
  messageHeld(client: Client): void;
}

export function createRefusals(around: {
  readonly clock: Clock;
  readonly events: Events;
  readonly usage: Pick<LimitUsage, "refused" | "wouldRefuse">;
  readonly applications: () => readonly Application[];
}): Refusals {
  const { clock, events, usage, applications } = around;
  // References go on growing over restarts.
  let sequence = clock.wall().getTime();

  const refusalOf = (client: RefusedClient, kind: RefusalKind, facts: RefusedFacts): Refusal => {
    const definition: RefusalDefinition = refusalCatalogue[kind];
    const { configured, allowed = configured, seen } = facts;
    return {
      kind,
      class: definition.class,
      connector: client.connector?.name,
      limit: facts.setting ?? definition.setting,
      configured,
      allowed,
      seen,
      problem: facts.detail ?? definition.cause,
      about: facts.about,
      retryAfterSeconds: facts.retryAfterSeconds,
      source: client.address,
      eventId: catalogue[refusalCatalogue[kind].event].id,
      reference: referenceOf(sequence++),
    };
  };

  const whoOf = (client: RefusedClient, address: IpAddress | undefined, facts: RefusedFacts) => {
    const { address: source } = client;
    const user = facts.user ?? client.user;
    const application = address && applicationOf(applications(), { address, user })?.name;
    const who = application === undefined ? source : `${source} (${application})`;
    return { source, application, who, user: user ?? "" };
  };

  const tell = (
    client: RefusedClient,
    address: IpAddress | undefined,
    refusal: Refusal,
    facts: RefusedFacts,
    reply: string,
  ): void => {
    usage.refused(client.connector?.name, client.source, refusal);
    const event: EventName = refusalCatalogue[refusal.kind].event;
    if (!events.wants(event)) return;
    const fields = {
      ...whoOf(client, address, facts),
      connector: refusal.connector ?? "",
      refusal: refusal.kind,
      problem: causeText(refusal),
      detail: refusal.problem,
      about: refusal.about,
      setting: refusal.limit,
      limit: refusal.allowed,
      configured: refusal.configured,
      seen: refusal.seen,
      sender: facts.sender,
      recipient: facts.recipient,
      reference: refusal.reference,
      reply,
      ...facts.fields,
    };
    // The texts differ in what they name; a test renders each with these.
    events.emit(event, fields as unknown as EventFields<EventName>);
  };

  return {
    refuse(client, what) {
      const { reply: ofKind, cause } = spokenRefusals[what.refused];
      const reply: Reply = what.said === undefined ? ofKind : { ...ofKind, ...what.said };
      const told = refusalOf(client, what.refused, what);
      const explained = what.confidential === undefined ? told : { ...told, problem: cause };
      const address = parseAddress(client.address);
      const said: ToldRefusal = {
        ...reply,
        ...(what.close === undefined ? undefined : { close: what.close }),
        text: explainsRefusals(client.connector, address) ? explainedText(reply, explained) : reply.text,
        told,
      };
      tell(client, address, told, what, replyLine(said));
      return said;
    },
    refuseAgain(client, what, earlier) {
      const { reply } = spokenRefusals[what.refused];
      const explained = explainsRefusals(client.connector, parseAddress(client.address));
      return {
        ...reply,
        ...(what.close === undefined ? undefined : { close: what.close }),
        text: explained ? followingText(reply, earlier) : reply.text,
        told: earlier,
      };
    },
    tell(client, kind, facts = {}) {
      tell(client, parseAddress(client.address), refusalOf(client, kind, facts), facts, "");
    },
    wouldRefuse(client, what, isRefused) {
      const refusal: Refusal = {
        ...refusalOf(client, what.refused, what),
        eventId: catalogue.WouldBeRefused.id,
        reportOnly: true,
      };
      usage.wouldRefuse(client.connector?.name, client.source, refusal);
      if (isRefused || !events.wants("WouldBeRefused")) return;
      events.emit("WouldBeRefused", {
        ...whoOf(client, parseAddress(client.address), what),
        connector: refusal.connector ?? "",
        // Under another name than that of what was refused, which is counted from events after a restart.
        wouldRefuse: refusal.kind,
        problem: causeText(refusal),
        setting: refusal.limit ?? "",
        limit: refusal.allowed,
        seen: refusal.seen,
        what: whatOf(client.connector, refusal),
        reference: refusal.reference,
      });
    },
    connectionHeld({ connector, address }, verdict) {
      events.emit("ConnectionHeld", {
        connector: connector.name,
        source: address,
        setting: verdict.limit,
        limit: verdict.allowed,
        seen: verdict.seen,
        delaySeconds: connector.limitDelay / 1000,
      });
    },
    messageHeld({ connector, address }) {
      events.emit("MessageHeld", {
        connector: connector.name,
        source: address,
        setting: "messageRateLimit",
        limit: connector.messageRateLimit,
        delaySeconds: connector.limitDelay / 1000,
      });
    },
  };
}

/** What would have become of it. */
function whatOf(connector: ReceiveConnectorSettings | undefined, { kind }: Refusal): string {
  const waits = connector?.limitAction === "delay" && delayed.has(kind);
  return waits ? "let wait (limitAction delay) or refused" : "refused";
}

/** By what limitAction holds for. */
const delayed: ReadonlySet<RefusalKind> = new Set<RefusalKind>([
  "connectionLimit",
  "connectionLimitPerSource",
  "connectionPercentagePerSource",
  "messageRate",
]);
