/** What travels beside the content: RFC 5321 §2.3.1 (envelope), RFC 3461 (DSN parameters), RFC 6531, RFC 6152. */

/** Identifies a message in this relay; Exchange calls it InternalId. Ordered by arrival, unique in a spool. */
export type MessageId = number;

export type BodyType = "7BIT" | "8BITMIME" | "BINARYMIME";

export interface Notify {
  readonly never: boolean;
  readonly success: boolean;
  readonly failure: boolean;
  readonly delay: boolean;
}

export interface Recipient {
  /** The mailbox of the forward-path, without angle brackets or source route, as the client wrote it. */
  readonly forwardPath: string;
  /** RFC 3461 §4.1. Absent: the client gave no NOTIFY. */
  readonly notify?: Notify;
  /** RFC 3461 §4.2, `addr-type;xtext` exactly as received. */
  readonly orcpt?: string;
}

export interface Envelope {
  /** The mailbox of the reverse-path, without angle brackets; empty for the null reverse-path `<>`. */
  readonly reversePath: string;
  readonly recipients: readonly Recipient[];
  readonly body: BodyType;
  readonly smtpUtf8: boolean;
  /** RFC 3461 §4.3. */
  readonly ret?: "FULL" | "HDRS";
  /** RFC 3461 §4.4, xtext exactly as received. */
  readonly envid?: string;
  /** RFC 8689: asked for by REQUIRETLS, or by the field `TLS-Required: No`. Absent: neither. */
  readonly tls?: "required" | "optional";
}

/** `Origin.connector` of reports made here: they came in through no receive connector. */
export const reportConnector = "DSN";

/** Where a message came from; kept with it for tracking, logs and DSNs. */
export interface Origin {
  /** Receive connector's name; `reportConnector` for reports made here. */
  readonly connector: string;
  readonly sourceAddress: string;
  readonly helloName: string;
  readonly sessionId: string;
  readonly authenticatedUser?: string;
  /** It goes into the capture box and nowhere else, whatever the configuration is by then; reports on it as well. */
  readonly captured?: true;
  /**
   * The application it was of when it came in (core/policy/application.ts), empty for none. Absent: nobody had named
   * applications, or a version before wrote the record; `recordedApplication` reads it.
   */
  readonly application?: string;
  /** As its sender asked; its application's is the most it gets. Absent: that of its application. */
  readonly priority?: "Low" | "Normal" | "High";
}
