/** What is known of a destination before its TLS is decided. Whoever finds it out says it in these shapes. */
import type { Envelope } from "../message/envelope.ts";
import type { SmtpSendConnector } from "../policy/send-connector.ts";

/** RFC 6698 §2.1. */
export interface TlsaFact {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly data: Uint8Array;
}

/** What the TLSA records of a host say (RFC 7672 §2.2). */
export type DaneFact =
  /** They were not asked for: DANE is off, or what led to the host is not signed. In words. */
  | { readonly kind: "unasked"; readonly reason: string }
  /** There are none, or none that are signed. */
  | { readonly kind: "none" }
  /** Nobody knows, and there may be some. */
  | { readonly kind: "unknown"; readonly detail: string }
  /** Signed, at least one. `baseDomain`: the name they stand below. */
  | { readonly kind: "found"; readonly baseDomain: string; readonly records: readonly TlsaFact[] };

/** The MTA-STS policy in force for a recipient domain (RFC 8461); mode `none` is no policy. */
export type StsFact =
  | { readonly kind: "none" }
  /** The domain says that it has one, and it cannot be had. To be taken for none but where a message must not go without. */
  | { readonly kind: "unknown"; readonly detail: string }
  /** `mx`: host names and `*.` patterns, lower case, A-labels. */
  | { readonly kind: "policy"; readonly mode: "enforce" | "testing"; readonly mx: readonly string[] };

/** RFC 8689: by the parameter REQUIRETLS; by the field `TLS-Required: No`. */
export type MessageTls = NonNullable<Envelope["tls"]>;

export interface DestinationFacts {
  /** The hosts' names can be relied on: by signed MX records, signed denial of them, or because the administrator named them. */
  readonly isSecure: boolean;
  /** The recipient domain, and the one behind its aliases. Empty for smart hosts. */
  readonly names: readonly string[];
  readonly sts: StsFact;
}

export interface HostFacts {
  /** As the MX record or the administrator has it; lower case, A-labels. */
  readonly name: string;
  readonly dane: DaneFact;
}

/** The connector's word. */
export type TlsSettings = Pick<
  SmtpSendConnector,
  | "requireTls"
  | "ignoreStartTls"
  | "implicitTls"
  | "tlsAuthLevel"
  | "tlsDomain"
  | "smartHostAuthMechanism"
  | "requireTlsPolicy"
>;
