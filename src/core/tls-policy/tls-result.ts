/** What became of TLS with a host, in the words of TLS reports (RFC 8460 §4.3). */
export const tlsFaults = [
  "starttls-not-supported",
  "certificate-host-mismatch",
  "certificate-expired",
  "certificate-not-trusted",
  "validation-failure",
  "tlsa-invalid",
  "dnssec-invalid",
  "dane-required",
  "sts-policy-fetch-error",
  "sts-policy-invalid",
  "sts-webpki-invalid",
] as const;
export type TlsFault = (typeof tlsFaults)[number];

/** RFC 8460 §4.2. */
export type ReportedPolicy = "tlsa" | "sts" | "no-policy-found";

/** One policy of a domain, and how a connection to one of its hosts stood to it. */
export interface TlsOutcome {
  readonly policy: ReportedPolicy;
  /** Undefined: success. */
  readonly fault: TlsFault | undefined;
  /** In words; empty for success. */
  readonly detail: string;
}
