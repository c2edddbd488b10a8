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
  eightBitMime: false,
  binaryMime: false,
  chunking: false,
  smtpUtf8: false,
};

/**
 * What a connector offers in this state of a session. BINARYMIME needs CHUNKING (RFC 3030 §3), SMTPUTF8 needs
 * 8BITMIME (RFC 6531 §3.1), AUTH with BasicAuthRequireTLS needs TLS. To be computed anew at STARTTLS.
 */
export function offeredBy(
  settings: ReceiveConnectorSettings,
  session: {
    readonly tlsActive: boolean;
    /** A certificate is loaded. */
    readonly tlsAvailable: boolean;
  },
): Offered {
  const mechanisms = settings.authMechanism;
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
    auth:
      mechanisms.includes("BasicAuth") && (session.tlsActive || !mechanisms.includes("BasicAuthRequireTLS")),
    legacyAuthLine: settings.legacyAuthLineEnabled,
    eightBitMime: settings.eightBitMimeEnabled,
    binaryMime: settings.binaryMimeEnabled && settings.chunkingEnabled,
    chunking: settings.chunkingEnabled,
    smtpUtf8: settings.smtpUtf8Enabled && settings.eightBitMimeEnabled,
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
  if (offered.auth) lines.push("AUTH LOGIN PLAIN");
  if (offered.auth && offered.legacyAuthLine) lines.push("AUTH=LOGIN PLAIN");
  if (offered.eightBitMime) lines.push("8BITMIME");
  if (offered.binaryMime) lines.push("BINARYMIME");
  if (offered.chunking) lines.push("CHUNKING");
  if (offered.smtpUtf8) lines.push("SMTPUTF8");
  return lines;
}
