/** The choice among send connectors told: each connector, and why it carries a message or does not. Pure. */
import { formatByteSize } from "../units/byte-size.ts";
import type { SendConnectorSettings } from "./send-connector.ts";
import {
  candidates,
  objectionTo,
  rankSendConnectors,
  servingSpace,
  type Objection,
  type RoutedMessage,
} from "./send-connector-choice.ts";
import { senderSpaceText, type SenderFacts } from "./send-restrictions.ts";

export const considerations = [
  "taken",
  /** It would carry the message, were there none before it. */
  "behind",
  "senderSpaces",
  "receiveConnectors",
  "applications",
  "nullSender",
  "tooLarge",
  /** Its address spaces do not hold the recipient's domain. */
  "addressSpaces",
  "disabled",
] as const;
export type Consideration = (typeof considerations)[number];

export interface Considered {
  readonly connector: SendConnectorSettings;
  readonly consideration: Consideration;
  /** Its cost for this recipient; undefined: its address spaces do not hold the domain. */
  readonly cost: number | undefined;
  readonly details: string;
}

/** In the order in which they are asked, then those that are not asked at all. */
export function explainChoice(
  connectors: readonly SendConnectorSettings[],
  domain: string,
  message: RoutedMessage,
  facts: SenderFacts,
): readonly Considered[] {
  const byName = new Map(connectors.map((connector) => [connector.name.toLowerCase(), connector]));
  const asked: Considered[] = [];
  let isTaken = false;
  let barred = false;
  for (const { connector, overflowOf } of candidates(rankSendConnectors(connectors, domain), (name) =>
    byName.get(name.toLowerCase()),
  )) {
    if (overflowOf !== undefined && barred) continue;
    const objection = objectionTo(connector, message, facts);
    barred = objection?.kind === "restriction";
    const cost = servingSpace(connector, domain)?.cost;
    const overflow = overflowOf === undefined ? "" : `overflowConnector of ${overflowOf.name}`;
    if (objection !== undefined) {
      const consideration = objection.kind === "restriction" ? objection.setting : objection.kind;
      asked.push({ connector, consideration, cost, details: objectionDetails(connector, objection) });
    } else {
      asked.push({ connector, consideration: isTaken ? "behind" : "taken", cost, details: overflow });
      isTaken = true;
    }
  }
  const rest = connectors
    .filter((connector) => !asked.some((one) => one.connector === connector))
    .map((connector): Considered => {
      const cost = servingSpace(connector, domain)?.cost;
      return connector.enabled
        ? {
            connector,
            consideration: "addressSpaces",
            cost,
            details: `not for ${domain || "a bare postmaster"}`,
          }
        : { connector, consideration: "disabled", cost, details: "" };
    });
  return [...asked, ...rest];
}

function objectionDetails(
  { restrictions, maxMessageSize }: SendConnectorSettings,
  objection: Objection,
): string {
  if (objection.kind === "tooLarge") return `takes up to ${formatByteSize(maxMessageSize)}`;
  if (objection.kind === "nullSender") return "carries no mail with the null reverse-path";
  const { setting } = objection;
  const only =
    setting === "senderSpaces" ? restrictions?.senderSpaces.map(senderSpaceText) : restrictions?.[setting];
  return `only for ${only?.join(", ") ?? ""}`;
}
