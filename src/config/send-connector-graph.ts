/** Connectors of Microsoft Graph: `preset: graph`. */
import { graphLargestMessageBytes, graphMostAtOnce } from "../core/policy/graph-limits.ts";
import { microsoftClouds } from "../core/policy/microsoft-clouds.ts";
import type { OAuthSettings } from "../core/policy/oauth-settings.ts";
import type {
  DropSendConnector,
  GraphSendConnector,
  SendConnectorSettings,
} from "../core/policy/send-connector.ts";
import { quoted } from "../core/units/parsed.ts";
import type { Findings, Path } from "./fault.ts";
import { type GivenSendConnector, smtpOnlySettings } from "./send-connector-schema.ts";

type Name = keyof GivenSendConnector;

/** Tells a fault at the first of the settings, unless one of them is faulty by itself. */
export type Rule = (isBroken: boolean, about: readonly [Name, ...Name[]], message: string) => void;

/** Undefined without tokens, which is told. */
export function graphSettings(
  given: GivenSendConnector,
  common: Omit<GraphSendConnector, "kind" | Exclude<keyof GraphSendConnector, keyof DropSendConnector>>,
  oauth: OAuthSettings | undefined,
): GraphSendConnector | undefined {
  if (oauth === undefined) return undefined;
  const { senderMailboxes, overflowConnector, maxConcurrentConnections, maxRecipientsPerTransaction } = given;
  const { messageRateLimit, recipientRateLimit, mailboxMessageRateLimit, mailboxRecipientRateLimit } = given;
  return {
    ...common,
    kind: "graph",
    preset: "graph",
    graphRoot: given.graphRoot ?? microsoftClouds.global.graphRoot,
    oauth,
    senderMailboxes,
    overflowConnector,
    maxConcurrentConnections,
    maxRecipientsPerTransaction,
    messageRateLimit,
    recipientRateLimit,
    mailboxMessageRateLimit,
    mailboxRecipientRateLimit,
  };
}

/** `written`: the settings the file gives, the preset's included. */
export function checkGraphConnector(
  given: GivenSendConnector,
  written: Readonly<Record<string, unknown>>,
  rule: Rule,
): void {
  const noSmtp = "means nothing with preset graph, which speaks HTTPS; take it out";
  if (written["dropDirectory"] !== undefined) return rule(true, ["dropDirectory"], noSmtp);
  for (const name of ["smartHosts", ...smtpOnlySettings] as const)
    rule(written[name] !== undefined, [name], noSmtp);
  rule(
    given.oauth === undefined,
    ["oauth"],
    "is missing: preset graph needs it, it tells where tokens come from",
  );
  rule(
    given.oauth?.serviceAccountFile !== undefined,
    ["oauth"],
    "has a serviceAccountFile, which is Google's; Microsoft Graph needs clientId with a secret or certificate",
  );
  rule(
    given.maxMessageSize > graphLargestMessageBytes,
    ["maxMessageSize"],
    `is more than Graph takes, ${graphLargestMessageBytes} bytes; give overflowConnector for larger messages`,
  );
  rule(
    given.maxConcurrentConnections > graphMostAtOnce,
    ["maxConcurrentConnections"],
    `is more than Graph takes at once for a mailbox, ${graphMostAtOnce}`,
  );
  rule(
    given.maxRecipientsPerTransaction > 1000,
    ["maxRecipientsPerTransaction"],
    "is more than Exchange Online takes in a message, 1000",
  );
}

/** Connectors that others name have to be there; reports have to have a way. */
export function checkOverflow(
  connectors: readonly (SendConnectorSettings | undefined)[],
  names: readonly string[],
  path: Path,
  findings: Findings,
): void {
  const known = new Set(names.map((name) => name.toLowerCase()));
  const called = new Map(connectors.map((connector) => [connector?.name.toLowerCase(), connector]));
  for (const [index, connector] of connectors.entries()) {
    if (connector?.kind !== "graph" || !connector.enabled) continue;
    const { overflowConnector } = connector;
    const at = [...path, index, "overflowConnector"];
    const overflow =
      overflowConnector === undefined ? undefined : called.get(overflowConnector.toLowerCase());
    if (overflowConnector !== undefined && !known.has(overflowConnector.toLowerCase()))
      findings.fault(at, `there is no send connector ${quoted(overflowConnector)}`);
    else if (overflow === connector) findings.fault(at, "is the connector itself");
    else if (overflow?.kind === "graph")
      findings.fault(
        at,
        `${quoted(overflow.name)} is one of Graph, too, with the same limits; name one of SMTP`,
      );
    else if (overflow?.enabled === false)
      findings.warning(at, `${quoted(overflow.name)} is not enabled: larger messages do not go by it`);
    else if (overflowConnector === undefined && !hasAnother(connector, connectors))
      findings.warning(
        [...path, index],
        "messages above maxMessageSize and reports (null reverse-path), which Graph does not carry, have no other way; give overflowConnector",
      );
  }
}

/** Another kind of connector for all of its address spaces. */
function hasAnother(
  { addressSpaces }: GraphSendConnector,
  connectors: readonly (SendConnectorSettings | undefined)[],
): boolean {
  const spaces = connectors.flatMap((other) =>
    other === undefined || other.kind === "graph" || !other.enabled ? [] : other.addressSpaces,
  );
  return addressSpaces.every(({ domain }) =>
    spaces.some(
      (space) =>
        space.domain === "" ||
        space.domain === domain ||
        (space.subdomains && domain.endsWith(`.${space.domain}`)),
    ),
  );
}
