/**
 * The choice among send connectors, for one recipient. Sources: Exchange, "Connector selection in external message
 * routing"; restrictions are Weir's own (send-restrictions.ts).
 */
import { mailboxFor } from "./sender-mailbox.ts";
import type { AddressSpace, SendConnectorSettings } from "./send-connector.ts";
import {
  unmetRestriction,
  type RestrictedMessage,
  type RestrictionName,
  type SenderFacts,
} from "./send-restrictions.ts";

/** The connectors that serve a domain, best first; neither sizes nor restrictions are looked at. */
export type RankedConnectors = readonly SendConnectorSettings[];

/** What decides, beside its domain, which connector a recipient's message goes by. */
export interface RoutedMessage extends RestrictedMessage {
  readonly content: { readonly sizeBytes: number };
}

/** Why a connector that serves the domain does not carry a message. */
export type Objection =
  | { readonly kind: "restriction"; readonly setting: RestrictionName }
  /** It carries no mail with the null reverse-path. */
  | { readonly kind: "nullSender" }
  | { readonly kind: "tooLarge"; readonly maxMessageSizeBytes: number };

export interface Objected {
  readonly connector: string;
  readonly objection: Objection;
}

/** What to do with one recipient. */
export type Selection =
  | { readonly kind: "connector"; readonly connector: SendConnectorSettings }
  /** No connector serves the domain. */
  | { readonly kind: "none" }
  /** Connectors serve it, and this message may use none of them. */
  | { readonly kind: "barred"; readonly why: readonly Objected[] }
  /** Those that it may use are too small for it. */
  | { readonly kind: "tooLarge"; readonly maxMessageSizeBytes: number };

const none: Selection = { kind: "none" };

/** `SES is for other senders (senderSpaces)`. */
export function objectionText({ connector, objection }: Objected): string {
  switch (objection.kind) {
    case "restriction":
      return `${connector} is for ${othersOf[objection.setting]} (${objection.setting})`;
    case "nullSender":
      return `${connector} is one of Microsoft Graph, which carries no mail with the null reverse-path`;
    case "tooLarge":
      return `${connector} takes messages up to ${objection.maxMessageSizeBytes} bytes`;
  }
}

const othersOf = {
  senderSpaces: "other senders",
  receiveConnectors: "mail of other receive connectors",
  applications: "other applications",
} as const;

const mostNamed = 5;

/** Why a message goes by none of the connectors that serve a recipient's domain, in a line for people. */
export function barredText(why: readonly Objected[]): string {
  if (why.every(({ objection }) => objection.kind === "nullSender"))
    return "Only connectors of Microsoft Graph match, which carry no mail with the null reverse-path; give overflowConnector or another connector";
  const more = why.length > mostNamed ? `, and ${why.length - mostNamed} more` : "";
  return `No matching send connector is for this message: ${why.slice(0, mostNamed).map(objectionText).join("; ")}${more}`;
}

/** The way mail takes that meets no restriction: undefined where there is none. */
export function usualConnector(
  connectors: readonly SendConnectorSettings[],
  domain: string,
): SendConnectorSettings | undefined {
  return rankSendConnectors(connectors, domain).find((connector) => !isRestricted(connector));
}

/**
 * Orders the enabled connectors whose address spaces hold `domain` (lower case, A-labels; empty for a bare
 * `postmaster`): most specific address space, lowest cost, with restrictions before without, alphanumerically lowest name.
 * Cost: linear in address spaces; keep the result per domain.
 */
export function rankSendConnectors(
  connectors: readonly SendConnectorSettings[],
  domain: string,
): RankedConnectors {
  const matches: { connector: SendConnectorSettings; specificity: number; cost: number }[] = [];
  for (const connector of connectors) {
    if (!connector.enabled) continue;
    const best = servingSpace(connector, domain);
    if (best !== undefined) matches.push({ connector, ...best });
  }
  matches.sort(
    (a, b) =>
      b.specificity - a.specificity ||
      a.cost - b.cost ||
      Number(isRestricted(b.connector)) - Number(isRestricted(a.connector)) ||
      compareNames(a.connector.name, b.connector.name),
  );
  return matches.map((match) => match.connector);
}

/** The address space of a connector that a domain is routed by; undefined: none holds it. */
export function servingSpace(
  { addressSpaces }: SendConnectorSettings,
  domain: string,
): { readonly specificity: number; readonly cost: number } | undefined {
  let best: { readonly specificity: number; readonly cost: number } | undefined;
  for (const space of addressSpaces) {
    const specificity = specificityFor(space, domain);
    if (specificity < 0) continue;
    const better =
      best === undefined ||
      specificity > best.specificity ||
      (specificity === best.specificity && space.cost < best.cost);
    if (better) best = { specificity, cost: space.cost };
  }
  return best;
}

function isRestricted({ restrictions }: SendConnectorSettings): boolean {
  return restrictions !== undefined;
}

/** It takes any message up to its maxMessageSize: nothing else of a message need be looked at. */
export function takesAnyMail(connector: SendConnectorSettings): boolean {
  return connector.kind !== "graph" && !isRestricted(connector);
}

/**
 * Why a connector does not carry a message, its address spaces aside; undefined: it does. Graph has no envelope: mail with
 * the null reverse-path (reports) would come from a mailbox, and reports on it go there.
 */
export function objectionTo(
  connector: SendConnectorSettings,
  message: RoutedMessage,
  facts: SenderFacts,
): Objection | undefined {
  const setting = unmetRestriction(connector.restrictions, message, facts);
  if (setting !== undefined) return { kind: "restriction", setting };
  if (connector.kind === "graph" && message.envelope.reversePath === "") return { kind: "nullSender" };
  const { maxMessageSize: maxMessageSizeBytes } = connector;
  return message.content.sizeBytes > maxMessageSizeBytes
    ? { kind: "tooLarge", maxMessageSizeBytes }
    : undefined;
}

/** The same for a connector that takes over from another: one that logs on by mailbox needs one for reports, too. */
export function objectionToTakingOver(
  connector: SendConnectorSettings,
  message: RoutedMessage,
  facts: SenderFacts,
): Objection | undefined {
  const { reversePath } = message.envelope;
  const objection = objectionTo(connector, message, facts);
  if (objection !== undefined || connector.kind !== "smartHost" || connector.oauth === undefined)
    return objection;
  return mailboxFor(reversePath, connector.senderMailboxes) === undefined
    ? { kind: "nullSender" }
    : undefined;
}

/**
 * The connectors that are asked one after the other: the ranked, and behind one of Graph its `overflowConnector`, which is
 * for what Graph does not carry, but not for mail that may not use that connector of Graph.
 */
export function* candidates(
  ranked: RankedConnectors,
  connectorCalled: (name: string) => SendConnectorSettings | undefined,
): Generator<{ readonly connector: SendConnectorSettings; readonly overflowOf?: SendConnectorSettings }> {
  for (const connector of ranked) {
    yield { connector };
    if (connector.kind !== "graph" || connector.overflowConnector === undefined) continue;
    const overflow = connectorCalled(connector.overflowConnector);
    if (overflow?.enabled === true) yield { connector: overflow, overflowOf: connector };
  }
}

/**
 * The first candidate without an objection. A connector that is too small, or that the message may not use, counts as if it
 * did not match, so it may go by a less specific one.
 */
export function pickConnector(
  ranked: RankedConnectors,
  message: RoutedMessage,
  connectorCalled: (name: string) => SendConnectorSettings | undefined,
  facts: SenderFacts,
): Selection {
  const why: Objected[] = [];
  let largest = -1;
  let before: Objection | undefined;
  for (const { connector, overflowOf } of candidates(ranked, connectorCalled)) {
    // Who may not use Graph's connector may not use what stands in for it.
    if (overflowOf !== undefined && before?.kind === "restriction") continue;
    const objection = (before = objectionTo(connector, message, facts));
    if (objection === undefined) return { kind: "connector", connector };
    why.push({ connector: connector.name, objection });
    if (objection.kind === "tooLarge") largest = Math.max(largest, objection.maxMessageSizeBytes);
  }
  if (largest >= 0) return { kind: "tooLarge", maxMessageSizeBytes: largest };
  return why.length > 0 ? { kind: "barred", why } : none;
}

/** -1: no match. An exact domain outranks the same domain with subdomains, longer suffixes outrank shorter. */
function specificityFor(space: AddressSpace, domain: string): number {
  if (space.domain === "") return 0;
  if (space.domain === domain) return space.domain.length * 2 + (space.subdomains ? 0 : 1);
  return space.subdomains && domain.endsWith(`.${space.domain}`) ? space.domain.length * 2 : -1;
}

function compareNames(a: string, b: string): number {
  const left = a.toLowerCase();
  const right = b.toLowerCase();
  return left < right ? -1 : left > right ? 1 : 0;
}
