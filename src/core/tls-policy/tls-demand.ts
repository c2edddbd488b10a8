/** What TLS with one host must be like for one domain's mail. */
import type { ReportedPolicy, TlsFault } from "./tls-result.ts";
import type { TlsaFact } from "./tls-facts.ts";

/**
 * Why TLS is as it is: `dane`: by TLSA records; `sts`: by an enforced MTA-STS policy; `required`: by the settings, by REQUIRETLS,
 * or by TLSA records that cannot be used; `opportunistic`: where it works, with any certificate; `clear`: none.
 */
export const tlsLevels = ["dane", "sts", "required", "opportunistic", "clear"] as const;
export type TlsLevel = (typeof tlsLevels)[number];

/** All of it must hold. */
export interface CertificateDemand {
  /** It was issued by an authority that is trusted here, and is in force. */
  readonly isTrusted: boolean;
  /** Names it must be for, each of them. */
  readonly names: readonly string[];
  /** By its alternative names; a common name does not count (RFC 8461 §4.1). */
  readonly byAlternativeName: boolean;
  readonly tlsa: TlsaDemand | undefined;
}

/** One of the records fits (RFC 7672 §3.1). */
export interface TlsaDemand {
  readonly baseDomain: string;
  /** Usable ones, at least one. */
  readonly records: readonly TlsaFact[];
  /** With usage 2 the certificate must be for one of these (RFC 7672 §3.2.2). */
  readonly names: readonly string[];
  /** Those of them that are the host's, whichever domain the mail is for. */
  readonly hostNames: readonly string[];
}

export interface TlsDemand {
  readonly kind: "demand";
  readonly level: TlsLevel;
  /** Within TLS or not at all. With level `clear` STARTTLS is not even asked for. */
  readonly isRequired: boolean;
  readonly certificate: CertificateDemand;
  /** Sent as SNI. */
  readonly serverName: string;
  /** For administrators: what is done and by whose word. */
  readonly reason: string;
  /** All TLSA records of the host, those that cannot be used as well. */
  readonly tlsaFound: readonly TlsaFact[];
  /** What TLS reports tell of it. Those that are not enforced are looked at all the same. */
  readonly watched: readonly WatchedPolicy[];
}

export interface WatchedPolicy {
  readonly policy: ReportedPolicy;
  readonly certificate: CertificateDemand;
  /** It is not kept to, however the handshake goes. */
  readonly fault: TlsFault | undefined;
  readonly detail: string;
}

/** This host is not to be used for it. */
export interface TlsBarred {
  readonly kind: "barred";
  /** However often one tries. */
  readonly isPermanent: boolean;
  /** RFC 3463: 4.7.5, 5.7.30 (RFC 8689 §6). */
  readonly status: string;
  readonly reason: string;
  readonly outcomes: readonly {
    readonly policy: ReportedPolicy;
    readonly fault: TlsFault;
    readonly detail: string;
  }[];
}

export type HostTls = TlsDemand | TlsBarred;

/** Any certificate will do. */
export const anyCertificate: CertificateDemand = {
  isTrusted: false,
  names: [],
  byAlternativeName: false,
  tlsa: undefined,
};

export function bothDemands(a: CertificateDemand, b: CertificateDemand): CertificateDemand {
  return {
    isTrusted: a.isTrusted || b.isTrusted,
    byAlternativeName: a.byAlternativeName || b.byAlternativeName,
    names: [...new Set([...a.names, ...b.names])],
    tlsa: a.tlsa ?? b.tlsa,
  };
}

/** Whether it matters for which of the domains that share the host the mail is: the certificate may be for the domain alone. */
export function isByDomain({ certificate: { tlsa } }: TlsDemand): boolean {
  return (
    tlsa !== undefined &&
    tlsa.names.length > tlsa.hostNames.length &&
    tlsa.records.some(({ usage }) => usage === 2)
  );
}

/**
 * The same text for demands that a connection satisfies alike, if its certificate is for the host: one that was made by the first
 * serves mail of the second. Reports and words make no difference.
 */
export function demandKey({ level, isRequired, certificate, serverName }: TlsDemand): string {
  const { isTrusted, names, byAlternativeName, tlsa } = certificate;
  const records = tlsa?.records.map(
    ({ usage, selector, matchingType, data }) => `${usage} ${selector} ${matchingType} ${hex(data)}`,
  );
  return JSON.stringify([
    level,
    isRequired,
    isTrusted,
    byAlternativeName,
    names.toSorted(),
    serverName,
    records?.toSorted() ?? [],
    tlsa?.records.some(({ usage }) => usage === 2) ? tlsa.hostNames.toSorted() : [],
  ]);
}

function hex(data: Uint8Array): string {
  return Array.from(data, (octet) => octet.toString(16).padStart(2, "0")).join("");
}
