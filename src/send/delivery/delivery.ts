/**
 * One attempt to hand a claim to its next hop. Carriers (the SMTP client, the drop directory) report what
 * happened to each recipient; they decide nothing. `core/policy/delivery-outcome` decides what follows.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import type { TlsStrength } from "../../core/tls-policy/taking-over.ts";
import type { TlsLevel } from "../../core/tls-policy/tls-demand.ts";
import type { Claim } from "../../spool/spool.ts";

/** A reply or local failure that speaks of one recipient, or of all of them. */
export interface Verdict {
  /** RFC 3463, e.g. `5.1.1`; made from the reply code when the peer sent none. */
  readonly status: string;
  /** For people and DSNs, in one line, control characters escaped: `550 5.1.1 User unknown`. */
  readonly text: string;
  /** True when `text` is the remote server's reply (Diagnostic-Code: smtp), false for what we found ourselves. */
  readonly fromPeer: boolean;
}

/** `host`: who it was, where several hosts had a part in the attempt; else the attempt's. */
export type RecipientOutcome =
  /** `dsnRelayed`: the peer took the DSN request over (RFC 3461 §5.2.1), so no relayed/success report is due here. */
  | {
      readonly kind: "delivered";
      readonly index: number;
      readonly verdict: Verdict;
      readonly dsnRelayed: boolean;
      readonly host?: string;
      /** By what its connection was within TLS; absent where no SMTP is spoken. */
      readonly tls?: TlsLevel;
    }
  /** `unconfirmed`: the peer had the whole content, and its answer was lost or could not be read. */
  | {
      readonly kind: "transient";
      readonly index: number;
      readonly verdict: Verdict;
      readonly unconfirmed?: true;
      /** The next hop takes it later, as it takes any: come back then, and do not count this attempt. */
      readonly retryAfterMs?: number;
      readonly host?: string;
    }
  | {
      readonly kind: "permanent";
      readonly index: number;
      readonly verdict: Verdict;
      readonly host?: string;
    };

export type AttemptResult =
  /** No host of the next hop could be reached or would talk: the queue's failure, not the message's. */
  | {
      readonly kind: "unreachable";
      readonly host: string;
      readonly verdict: Verdict;
      readonly tlsRequired?: boolean;
      /** When it is worth while to try again; else by the schedule of retries. */
      readonly retryAfterMs?: number;
    }
  /** Nobody was asked, or nobody would hear of it: mail of this sender waits, the queue goes on with others'. */
  | {
      readonly kind: "throttled";
      readonly host: string;
      readonly verdict: Verdict;
      readonly retryAfterMs: number;
      /** Since when mail of this sender is held (`Clock.now()`). */
      readonly heldSince?: number;
      /** The recipients of a day are used up. */
      readonly spent?: true;
    }
  /** The content turned out damaged while it was read; nothing was delivered. */
  | { readonly kind: "damaged"; readonly what: string }
  /** Aborted by `close()` before anything was decided. */
  | { readonly kind: "aborted" }
  | {
      readonly kind: "attempted";
      readonly host: string;
      readonly outcomes: readonly RecipientOutcome[];
      /** As above, where this attempt met a hold. */
      readonly heldSince?: number;
    };

/** Mail of a mailbox, or of everybody, that waits because of what a next hop said. */
export interface HeldMail {
  /** Undefined: everybody's. */
  readonly mailbox: string | undefined;
  /** `Clock.now()` milliseconds. */
  readonly until: number;
  readonly error: string;
  /** What the administrator can do; empty: nobody knows. */
  readonly advice: string;
}

/** Carries claims of one queue to one next hop. */
export interface Carrier {
  /** How many claims may be carried at once. */
  readonly concurrency: number;
  /** Never rejects for anything a peer or disk does; rejects only for bugs. */
  carry(claim: Claim): Promise<AttemptResult>;
  /** Mail that it holds back because the next hop takes none now. */
  holds?(): readonly HeldMail[];
  /** The same in words, for `LastError`. */
  holding?(): string | undefined;
  /** What waits for the pace of a budget, in words for `LastError`. */
  waitsForTurn?(): string | undefined;
  /** Claims that are carried and wait for their turn: nothing of them is under way yet. */
  turnsWaiting?(): number;
  /** When the mail that waits for the pace of a budget has left; Infinity: in more than 30 days. */
  emptyAt?(): number | undefined;
  /**
   * What waits for its turn or for a connection, or one claim of it, is given back: it ends as `aborted`, though no sooner than
   * this returns. False: nothing of it waited.
   */
  recall?(claim?: Claim): boolean;
  /** As `recall` of one claim, where carriers share what is looked through: the same function for all of them. */
  readonly recallShared?: (claim: Claim) => boolean;
  /** A message waits in no queue any more whose carrier has this. */
  gone?(id: MessageId): void;
  /**
   * What the recipients' domain demands of TLS, the connector's settings aside: what is not known counts as demanded. Left out:
   * nothing.
   */
  demandedTls?(): TlsStrength;
  /** An administrator wants it tried now: what waits for a time of its own does not any more. */
  retryNow?(): void;
  /** Lets running attempts finish for `graceMs`, then aborts them; closes idle connections at once. */
  close(graceMs: number): Promise<void>;
}
