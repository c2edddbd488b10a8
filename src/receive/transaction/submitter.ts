/** Whose mail it is, whichever door it comes by, and the mail transaction under way. */
import type { ClientCertificate } from "../../core/authentication/certificate-name.ts";
import type { BodyType, Recipient } from "../../core/message/envelope.ts";
import type { ReceivedProtocol } from "../../core/message/received.ts";
import type { AcceptedDomain } from "../../core/policy/accepted-domain.ts";
import type { ApplicationPriority } from "../../core/policy/application.ts";
import type { SessionRights } from "../../core/policy/client-rights.ts";
import type { Door } from "../../core/policy/door.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { Refused } from "../../core/refusals/refusal.ts";
import type { Rights } from "../../core/policy/relay-permission.ts";
import type { ConnectionWatch } from "../admission/connection-watch.ts";

export interface Peer {
  /** Canonical: v4-mapped addresses folded into IPv4. */
  readonly address: string;
  readonly port: number;
  /** What limits count it under. */
  readonly source: string;
}

/** TLS as it was agreed on. */
export interface ActiveTls {
  readonly protocol: string;
  readonly cipher: string;
  /** Shown by the client, its chain verified by tlsClientCaFile. */
  readonly clientCertificate?: ClientCertificate | undefined;
}

/** A mail transaction, from MAIL to the end of its content (RFC 5321 §3.3). */
export interface Transaction {
  readonly reversePath: string;
  readonly body: BodyType;
  readonly smtpUtf8: boolean;
  readonly ret: "FULL" | "HDRS" | undefined;
  readonly envid: string | undefined;
  /** REQUIRETLS was given. */
  readonly requireTls: boolean;
  readonly recipients: Recipient[];
  /** Refused by maxRecipientsPerMessage. */
  recipientsOverLimit: number;
  /** Its announced size was over a maxMessageSize that is only looked at: it would not have come. */
  isOverWatchedSize?: true;
  /** What a captured recipient asks the content to be refused with. */
  refusedContent?: Refused;
  /** For the tracking log. */
  note?: string | undefined;
  /** Asked for, by doors that can. */
  priority?: ApplicationPriority | undefined;
  /** BDAT chunks have come; DATA is not allowed any more (RFC 3030 §2). */
  chunking: boolean;
}

/** What deciding on a message, and keeping it, has to know of its client. */
export interface Submitter {
  readonly door: Door;
  /** Stands in tracking, logs and the Received header. */
  readonly id: string;
  /** As the traffic record calls it: of a door without connections, one for each message. */
  connection: number;
  /**
   * As it was when the connection came in, since EHLO told what it offers: a change of settings never touches an open session. By HTTP, as it
   * was when the request began.
   */
  readonly connector: ReceiveConnectorSettings;
  /** What limits think of it that are only looked at; undefined: none is. */
  readonly watch: ConnectionWatch | undefined;
  readonly acceptedDomains: readonly AcceptedDomain[];
  readonly peer: Peer;
  hello: { readonly verb: "EHLO" | "HELO"; readonly name: string } | undefined;
  tls: ActiveTls | undefined;
  authenticatedUser: string | undefined;
  /** What it logged on by, as it is called: a mechanism of AUTH, `API key`. */
  mechanism?: string | undefined;
  /** The name of the API key it came with, in place of a user. */
  readonly apiKey?: string | undefined;
  /** By the connector's permission groups; changes with authentication. */
  rights: Rights;
  /** Of its user, application or key; changes with authentication. */
  limits: SessionRights;
  /** `with` in the Received header, of doors other than SMTP. */
  readonly receivedProtocol?: ReceivedProtocol;
  /** The part of the Received header that every message of this session shares; made when first needed. */
  receivedPrefix: string | undefined;
  /** Whose mail it is, as told for `user`; made when first needed. */
  application?: { readonly user: string | undefined; readonly name: string };
  transaction: Transaction | undefined;
  messages: number;
}

/** Who it says it is, and was believed: rates and the traffic record know it by that. Undefined: it is anonymous. */
export function accountOf({
  authenticatedUser,
  apiKey,
}: Pick<Submitter, "authenticatedUser" | "apiKey">): string | undefined {
  return authenticatedUser ?? (apiKey === undefined ? undefined : `API key ${apiKey}`);
}
