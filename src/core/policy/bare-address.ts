/**
 * What an address without a domain stands for, and which addresses a connector takes. Sources: Exchange DefaultDomain
 * ("the domain name to append to values submitted to MAIL FROM or RCPT TO … if no domain value is provided"),
 * RFC 5321 §4.5.1.
 */
import { isPostmaster } from "../smtp/address.ts";
import type { Command } from "../smtp/command.ts";
import type { ReceiveConnectorSettings } from "./receive-connector.ts";

type Connector = Pick<ReceiveConnectorSettings, "defaultDomain" | "fqdn" | "strictAddresses">;

/** The reverse-path of MAIL, completed; undefined: the connector does not take it. */
export function senderPath(
  {
    reversePath,
    domain,
    conforming,
  }: Pick<Extract<Command, { verb: "MAIL" }>, "reversePath" | "domain" | "conforming">,
  { defaultDomain, strictAddresses }: Connector,
): string | undefined {
  if (strictAddresses && !conforming) return undefined;
  if (reversePath === "" || domain !== "") return reversePath;
  return defaultDomain === undefined ? undefined : `${reversePath}@${defaultDomain}`;
}

export interface RecipientPath {
  readonly forwardPath: string;
  /** Whose right to relay is asked; empty for `<Postmaster>`, who is this host's own and always taken. */
  readonly domain: string;
}

/** The forward-path of RCPT, completed; undefined: the connector does not take it. */
export function recipientPath(
  {
    forwardPath,
    domain,
    conforming,
  }: Pick<Extract<Command, { verb: "RCPT" }>, "forwardPath" | "domain" | "conforming">,
  { defaultDomain, fqdn, strictAddresses }: Connector,
): RecipientPath | undefined {
  if (strictAddresses && !conforming) return undefined;
  if (domain !== "") return { forwardPath, domain };
  if (isPostmaster(forwardPath))
    return { forwardPath: `${forwardPath}@${defaultDomain ?? fqdn}`, domain: "" };
  return defaultDomain === undefined
    ? undefined
    : { forwardPath: `${forwardPath}@${defaultDomain}`, domain: defaultDomain };
}
