/** What a peer offers in its answer to EHLO (RFC 5321 §4.1.1.1). */
import type { PeerLimits } from "../../../../core/policy/peer-limits.ts";
import type { PeerReply } from "./reply-reader.ts";

export interface Capabilities {
  readonly pipelining: boolean;
  readonly chunking: boolean;
  readonly binaryMime: boolean;
  readonly eightBitMime: boolean;
  readonly smtpUtf8: boolean;
  readonly dsn: boolean;
  readonly enhancedStatusCodes: boolean;
  readonly startTls: boolean;
  /** Counts only where it is said within TLS (RFC 8689 §4.1). */
  readonly requireTls: boolean;
  /** Undefined: SIZE is not offered. Infinity: offered without a limit (RFC 1870 §4). */
  readonly sizeLimitBytes: number | undefined;
  /** Upper case. */
  readonly authMechanisms: readonly string[];
  /** LIMITS (RFC 9422): RCPTMAX and MAILMAX; Infinity where not announced. */
  readonly limits: PeerLimits;
}

const noLimits: PeerLimits = { recipientsPerTransaction: Infinity, messagesPerConnection: Infinity };

/** After HELO. */
export const noCapabilities: Capabilities = {
  pipelining: false,
  chunking: false,
  binaryMime: false,
  eightBitMime: false,
  smtpUtf8: false,
  dsn: false,
  enhancedStatusCodes: false,
  startTls: false,
  requireTls: false,
  sizeLimitBytes: undefined,
  authMechanisms: [],
  limits: noLimits,
};

export function parseCapabilities({ text }: PeerReply): Capabilities {
  const keywords = new Map<string, string[]>();
  for (const line of text.split("\n").slice(1)) {
    const [keyword = "", ...parameters] = line.trim().toUpperCase().split(/\s+/);
    // `AUTH=LOGIN` is how servers older than RFC 2554 wrote it.
    if (keyword.startsWith("AUTH=")) parameters.unshift(keyword.slice(5));
    const name = keyword.startsWith("AUTH=") ? "AUTH" : keyword;
    keywords.set(name, [...(keywords.get(name) ?? []), ...parameters]);
  }
  const has = (name: string): boolean => keywords.has(name);
  const chunking = has("CHUNKING");
  return {
    pipelining: has("PIPELINING"),
    chunking,
    binaryMime: chunking && has("BINARYMIME"),
    eightBitMime: has("8BITMIME"),
    smtpUtf8: has("SMTPUTF8"),
    dsn: has("DSN"),
    enhancedStatusCodes: has("ENHANCEDSTATUSCODES"),
    startTls: has("STARTTLS"),
    requireTls: has("REQUIRETLS"),
    sizeLimitBytes: sizeLimit(keywords.get("SIZE")),
    authMechanisms: keywords.get("AUTH") ?? [],
    limits: announcedLimits(keywords.get("LIMITS")),
  };
}

function sizeLimit(parameters: readonly string[] | undefined): number | undefined {
  if (parameters === undefined) return undefined;
  const limit = /^\d{1,20}$/.test(parameters[0] ?? "") ? Number(parameters[0]) : 0;
  return limit === 0 ? Infinity : limit;
}

function announcedLimits(parameters: readonly string[] | undefined): PeerLimits {
  if (parameters === undefined) return noLimits;
  const limit = (name: string): number => {
    const given = parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
    // RFC 9422 §4: one to six digits, no zero in front.
    return given !== undefined && /^[1-9]\d{0,5}$/.test(given) ? Number(given) : Infinity;
  };
  return { recipientsPerTransaction: limit("RCPTMAX"), messagesPerConnection: limit("MAILMAX") };
}
