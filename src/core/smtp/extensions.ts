/** Service extensions (RFC 5321 §2.2): what a connector offers to a client, and the EHLO lines that say so. */
import type { ReceiveConnectorSettings } from "../policy/receive-connector.ts";
import type { OfferedParameters } from "./parameters.ts";

export interface Offered extends OfferedParameters {
  /** Told behind SIZE; undefined when it is not to be told, or unlimited. */
  readonly sizeLimitBytes: number | undefined;
  readonly pipelining: boolean;
  readonly enhancedStatusCodes: boolean;
  readonly startTls: boolean;
  /** AUTH= beside AUTH. */
  readonly legacyAuthLine: boolean;
  readonly authMechanisms: readonly SaslMechanism[];
  readonly chunking: boolean;
}

/** After HELO no extension is in use (RFC 5321 §2.2.1). */
export const nothingOffered: Offered = {
  size: false,
  sizeLimitBytes: undefined,
  pipelining: false,
  dsn: false,
  enhancedStatusCodes: false,
  startTls: false,
  auth: false,
  legacyAuthLine: false,
  authMechanisms: [],
  eightBitMime: false,
  binaryMime: false,
  chunking: false,
  smtpUtf8: false,
  requireTls: false,
};

export type SaslMechanism = "LOGIN" | "PLAIN" | "XOAUTH2" | "OAUTHBEARER" | "EXTERNAL";

/** What a client may log on by: tokens and certificates under TLS alone (RFC 7628 §5, RFC 4422 appendix A). */
export function authMechanismsOf(
  { authMechanism }: Pick<ReceiveConnectorSettings, "authMechanism">,
  session: { readonly tlsActive: boolean; readonly hasCertificate: boolean },
): readonly SaslMechanism[] {
  const hasPasswords =
    authMechanism.includes("BasicAuth") &&
    (session.tlsActive || !authMechanism.includes("BasicAuthRequireTLS"));
  const hasTokens = authMechanism.includes("OAuth") && session.tlsActive;
  const hasCertificates =
    authMechanism.includes("ClientCertificate") && session.tlsActive && session.hasCertificate;
  return [
    ...(hasPasswords ? (["LOGIN", "PLAIN"] as const) : []),
    ...(hasTokens ? (["XOAUTH2", "OAUTHBEARER"] as const) : []),
    ...(hasCertificates ? (["EXTERNAL"] as const) : []),
  ];
}

/**
 * What a connector offers in this state of a session. BINARYMIME needs CHUNKING (RFC 3030 §3), SMTPUTF8 needs
 * 8BITMIME (RFC 6531 §3.1), AUTH with BasicAuthRequireTLS and REQUIRETLS (RFC 8689 §2) need TLS. To be computed anew at STARTTLS.
 */
export function offeredBy(
  settings: ReceiveConnectorSettings,
  session: {
    readonly tlsActive: boolean;
    /** A certificate is loaded. */
    readonly tlsAvailable: boolean;
    /** The client showed one, and its chain was verified. */
    readonly hasCertificate: boolean;
  },
): Offered {
  const mechanisms = settings.authMechanism;
  const authMechanisms = authMechanismsOf(settings, session);
  return {
    size: settings.sizeEnabled !== "Disabled",
    sizeLimitBytes:
      settings.sizeEnabled === "Enabled" && Number.isFinite(settings.maxMessageSize)
        ? settings.maxMessageSize
        : undefined,
    pipelining: settings.pipeliningEnabled,
    dsn: settings.deliveryStatusNotificationEnabled,
    enhancedStatusCodes: settings.enhancedStatusCodesEnabled,
    startTls: mechanisms.includes("Tls") && session.tlsAvailable && !session.tlsActive,
    legacyAuthLine: settings.legacyAuthLineEnabled,
    auth: authMechanisms.length > 0,
    authMechanisms,
    eightBitMime: settings.eightBitMimeEnabled,
    binaryMime: settings.binaryMimeEnabled && settings.chunkingEnabled,
    chunking: settings.chunkingEnabled,
    smtpUtf8: settings.smtpUtf8Enabled && settings.eightBitMimeEnabled,
    requireTls: settings.requireTlsExtensionEnabled && session.tlsActive,
  };
}

/** EHLO keywords in Exchange's order, for the lines behind the greeting. */
export function ehloLines(offered: Offered): string[] {
  const lines: string[] = [];
  if (offered.size)
    lines.push(offered.sizeLimitBytes === undefined ? "SIZE" : `SIZE ${offered.sizeLimitBytes}`);
  if (offered.pipelining) lines.push("PIPELINING");
  if (offered.dsn) lines.push("DSN");
  if (offered.enhancedStatusCodes) lines.push("ENHANCEDSTATUSCODES");
  if (offered.startTls) lines.push("STARTTLS");
  const mechanisms = offered.authMechanisms.join(" ");
  if (offered.auth) lines.push(`AUTH ${mechanisms}`);
  if (offered.auth && offered.legacyAuthLine) lines.push(`AUTH=${mechanisms}`);
  if (offered.eightBitMime) lines.push("8BITMIME");
  if (offered.binaryMime) lines.push("BINARYMIME");
  if (offered.chunking) lines.push("CHUNKING");
  if (offered.smtpUtf8) lines.push("SMTPUTF8");
  if (offered.requireTls) lines.push("REQUIRETLS");
  return lines;
}
