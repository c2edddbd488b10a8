/**
 * Whether mail may go by a connector that takes over from another. Whoever can make a next hop fail could else choose the TLS
 * that mail for it has, by choosing the connector.
 */
import { isTlsNeeded } from "../policy/tls-needed.ts";
import type { SendConnectorSettings, SmtpSendConnector } from "../policy/send-connector.ts";
import { requireTlsPolicies } from "../policy/send-connector.ts";
import type { MessageTls } from "./tls-facts.ts";
import type { TlsLevel } from "./tls-demand.ts";

/**
 * How sure it is who reads the mail, each surer than those before: whoever listens; whoever answers; whoever has a certificate that
 * is trusted; nobody but the host that is named.
 */
export const tlsStrengths = ["clear", "encrypted", "trusted", "named"] as const;
export type TlsStrength = (typeof tlsStrengths)[number];

/** What a connector's settings demand of every next hop. A directory is no next hop: who takes mail out of it is not known. */
export function strengthOf(connector: SendConnectorSettings): TlsStrength {
  switch (connector.kind) {
    case "drop":
      return "clear";
    // HTTPS.
    case "graph":
      return "named";
    case "smartHost":
    case "dns": {
      const isWithin = connector.implicitTls || (isTlsNeeded(connector) && !connector.ignoreStartTls);
      if (!isWithin) return "clear";
      return certificateStrength[connector.tlsAuthLevel];
    }
  }
}

const certificateStrength: Readonly<Record<SmtpSendConnector["tlsAuthLevel"], TlsStrength>> = {
  EncryptionOnly: "encrypted",
  CertificateValidation: "trusted",
  DomainValidation: "named",
};

/** What DANE, MTA-STS and REQUIRETLS make of a host. */
export const levelStrength: Readonly<Record<TlsLevel, TlsStrength>> = {
  dane: "named",
  sts: "named",
  required: "encrypted",
  opportunistic: "clear",
  clear: "clear",
};

export function stronger(a: TlsStrength, b: TlsStrength): TlsStrength {
  return rank(a) < rank(b) ? b : a;
}

/** `ofDomain`: what the recipient's domain demands beyond the settings of `from`. */
export function mayTakeOver(
  from: SendConnectorSettings,
  to: SendConnectorSettings,
  ofDomain: TlsStrength,
  message: MessageTls | undefined,
): boolean {
  if (from.fallback?.mayWeakenTls === true) return true;
  if (message === "required" && !keepsRequireTls(from, to)) return false;
  const given = strengthOf(to);
  if (rank(given) < rank(strengthOf(from)) || (hasDaneHosts(from) && !hasDaneHosts(to) && given !== "named"))
    return false;
  return message === "optional" || rank(ofDomain) <= rank(given) || looksAtPoliciesToo(from, to);
}

/** Smart hosts that are to show who they are by their TLSA records. */
const hasDaneHosts = (connector: SendConnectorSettings): boolean =>
  connector.kind === "smartHost" && connector.daneEnabled;

/** It finds out for itself what the domain demands, and keeps to it as much. */
function looksAtPoliciesToo(from: SendConnectorSettings, to: SendConnectorSettings): boolean {
  if (from.kind !== "dns" || to.kind !== "dns") return false;
  if (to.ignoreStartTls && !to.implicitTls) return false;
  return (to.daneEnabled || !from.daneEnabled) && (to.mtaSts === "enforce" || from.mtaSts !== "enforce");
}

function keepsRequireTls(from: SendConnectorSettings, to: SendConnectorSettings): boolean {
  if (!isSmtp(from) || from.requireTlsPolicy === "opportunistic") return true;
  if (!isSmtp(to)) return false;
  const strictness = ({ requireTlsPolicy }: SmtpSendConnector): number =>
    -requireTlsPolicies.indexOf(requireTlsPolicy);
  return strictness(to) >= strictness(from);
}

const isSmtp = (connector: SendConnectorSettings): connector is SmtpSendConnector =>
  connector.kind === "smartHost" || connector.kind === "dns";
const rank = (strength: TlsStrength): number => tlsStrengths.indexOf(strength);
