/** What is known of one transaction while it runs. The phases of it (envelope-phases.ts, content-phases.ts) change it. */
import type { Claim, RecipientState } from "../../../../spool/spool.ts";
import type { Job } from "../job/job.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import type { Phase } from "./after-loss.ts";
import { ContentTransfer } from "./content-transfer.ts";
import { RecipientAnswers } from "./recipient-answers.ts";
import type { TransactionMode, TransactionSession } from "./transaction-contract.ts";

export interface TransactionState {
  readonly session: TransactionSession;
  readonly job: Job;
  readonly mode: TransactionMode;
  /** The job's, in the form this peer takes. */
  readonly claim: Claim;
  /** Those of the job who take part. */
  readonly recipients: readonly RecipientState[];
  readonly answers: RecipientAnswers;
  readonly transfer: ContentTransfer;
  phase: Phase;
  replies: number;
  /** Which recipient the next reply in phase `recipient` speaks of. */
  position: number;
  mailRefusal: PeerReply | undefined;
  contentRefusal: PeerReply | undefined;
  over: boolean;
}

export function startingState(
  session: TransactionSession,
  job: Job,
  claim: Claim,
  mode: TransactionMode,
): TransactionState {
  const { recipients } = job;
  const most = mode.mostRecipients;
  const all = recipients.length <= most;
  return {
    session,
    job,
    mode,
    claim,
    recipients: all ? recipients : recipients.slice(0, most),
    answers: new RecipientAnswers(session.peer.host.name, all ? [] : recipients.slice(most), session.replies),
    transfer: new ContentTransfer(session.connection, claim),
    phase: "mail",
    replies: 0,
    position: 0,
    mailRefusal: undefined,
    contentRefusal: undefined,
    over: false,
  };
}

const awaited: Readonly<Record<Exclude<Phase, "content">, string>> = {
  reset: "RSET",
  mail: "MAIL",
  recipient: "RCPT",
  data: "DATA",
  chunk: "BDAT",
};

/** For timeouts: what the peer owes an answer to. */
export function stageOf({ phase, transfer }: TransactionState): string {
  if (phase !== "content") return awaited[phase];
  return transfer.complete ? "the end of data" : "the data";
}

export function encodingOf({ job }: TransactionState): "latin1" | "utf8" {
  return job.asciiPaths ? "latin1" : "utf8";
}

export function isBinary({ claim }: TransactionState): boolean {
  return claim.message.envelope.body === "BINARYMIME";
}
