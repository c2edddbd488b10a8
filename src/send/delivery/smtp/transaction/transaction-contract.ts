/** What a transaction needs of the session it runs in, and how it ends. */
import type { TlsLevel } from "../../../../core/tls-policy/tls-demand.ts";
import type { Verdict } from "../../delivery.ts";
import type { ClientConnection } from "../wire/client-connection.ts";
import type { SmtpClientError } from "../wire/client-error.ts";
import type { Capabilities } from "../wire/ehlo-capabilities.ts";
import type { ReplyReading } from "../wire/reply-reading.ts";
import type { Job } from "../job/job.ts";
import type { Peer } from "../peer/peer.ts";
import type { PeerEvidence } from "../peer/peer-evidence.ts";

export type TransactionEnd =
  /**
   * Outcomes stand in the job. Recipients still in it want another transaction (RFC 5321 §4.5.3.1.10); those put off
   * may be given to another peer, if `elsewhere`.
   */
  | { readonly kind: "completed"; readonly elsewhere: boolean }
  /** No answer says that it was taken. `free`: the next try does not use up the job's second one. */
  | {
      readonly kind: "unsent";
      readonly verdict: Verdict;
      readonly free: boolean;
      /** The peer said 421. */
      readonly leaving: boolean;
    }
  /** 4xx on a connection that has taken mail: a new one may do. */
  | { readonly kind: "wornOut"; readonly verdict: Verdict }
  | { readonly kind: "damaged"; readonly what: string }
  | { readonly kind: "aborted" };

export interface TransactionMode {
  readonly pipelining: boolean;
  readonly chunking: boolean;
  readonly mostRecipients: number;
}

/** What is written behind another's content. */
export interface Opening {
  opening(): string;
  readonly encoding: "latin1" | "utf8";
}

/** The session, as its transactions see it. */
export interface TransactionSession {
  readonly connection: ClientConnection;
  readonly capabilities: Capabilities;
  readonly peer: Peer;
  readonly tls: TlsLevel;
  /** The peer's state is not clean: RSET goes first. */
  needsReset: boolean;
  /** A refusal of the sender is believed only when both families of addresses say so. */
  readonly triesOtherFamily: boolean;
  /** Where the next hop is a provider whose replies are known. */
  readonly replies: ReplyReading | undefined;
  /** What it shows of its peer. */
  readonly evidence: PeerEvidence;
  /** The transaction to open right behind the content (RFC 2920 §3.1), if there is one. */
  follower(): Opening | undefined;
  /** There is one, and its answers come behind those to the content. */
  readonly hasFollower: boolean;
  delivered(job: Job): void;
  /** This connection has taken mail, and the job had no new one for that reason yet. */
  mayBeWornOut(job: Job): boolean;
  /** It takes no further message; what a new one does with the job shows whether the number was why. */
  wearOut(job: Job): void;
  /** `close`: the connection is of no use any more. */
  ended(job: Job, end: TransactionEnd, close: SmtpClientError | undefined): void;
}
