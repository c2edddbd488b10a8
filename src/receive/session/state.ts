/** What a session knows: plain data that the verbs read and change. */
import type { AcceptedDomain } from "../../core/policy/accepted-domain.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { Refusal } from "../../core/refusals/refusal.ts";
import { rightsOf, type Rights } from "../../core/policy/relay-permission.ts";
import { nothingOffered, type Offered } from "../../core/smtp/extensions.ts";
import type { BodyType, Recipient } from "../../core/message/envelope.ts";

export interface Peer {
  /** Canonical: v4-mapped addresses folded into IPv4. */
  readonly address: string;
  readonly port: number;
  /** What limits count it under. */
  readonly source: string;
}

/** A mail transaction, from MAIL to the end of its content (RFC 5321 §3.3). */
export interface Transaction {
  readonly reversePath: string;
  readonly body: BodyType;
  readonly smtpUtf8: boolean;
  readonly ret: "FULL" | "HDRS" | undefined;
  readonly envid: string | undefined;
  readonly recipients: Recipient[];
  /** Refused by maxRecipientsPerMessage. */
  recipientsOverLimit: number;
  /** BDAT chunks have come; DATA is not allowed any more (RFC 3030 §2). */
  chunking: boolean;
}

export interface SessionState {
  readonly id: string;
  /** As it was when the connection came in: a change of settings never touches an open session. */
  readonly connector: ReceiveConnectorSettings;
  readonly acceptedDomains: readonly AcceptedDomain[];
  readonly peer: Peer;
  hello: { readonly verb: "EHLO" | "HELO"; readonly name: string } | undefined;
  /** The extensions of the last EHLO. */
  offered: Offered;
  tls: { readonly protocol: string; readonly cipher: string } | undefined;
  authenticatedUser: string | undefined;
  /** By the connector's permission groups; changes with authentication. */
  rights: Rights;
  /** The part of the Received header that every message of this session shares; made when first needed. */
  receivedPrefix: string | undefined;
  transaction: Transaction | undefined;
  /** What refused MAIL, or the last RCPT, since a MAIL was taken: what fails for want of it only follows from it. */
  lastRefusal: Refusal | undefined;
  protocolErrors: number;
  logonFailures: number;
  messages: number;
}

/** TLS begins: all that was said before in the clear is forgotten (RFC 3207 §4.2). */
export function forgetClearText(state: SessionState): void {
  state.hello = undefined;
  state.offered = nothingOffered;
  state.authenticatedUser = undefined;
  state.rights = rightsOf(state.connector, { authenticated: false });
  state.receivedPrefix = undefined;
  state.transaction = undefined;
  state.lastRefusal = undefined;
}
