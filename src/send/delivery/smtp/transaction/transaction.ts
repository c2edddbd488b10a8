/**
 * One mail transaction (RFC 5321 §3.3) as a state machine: it writes the envelope and content, in one flight
 * where the peer allows, and hears a reply at a time. It ends exactly once (ending.ts).
 */
import type { Claim } from "../../../../spool/spool.ts";
import type { Job } from "../job/job.ts";
import type { SmtpClientError } from "../wire/client-error.ts";
import { replyVerdict } from "../wire/peer-verdict.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import type { Phase } from "./after-loss.ts";
import { chunkReply, contentReply, dataReply } from "./content-phases.ts";
import { again, closing, end, lost, tooEarly } from "./ending.ts";
import { mailReply, opening, recipientReply, resetReply, writeOpening } from "./envelope-phases.ts";
import type { TransactionMode, TransactionSession } from "./transaction-contract.ts";
import { encodingOf, stageOf, startingState, type TransactionState } from "./transaction-state.ts";

/** Who hears the next reply. */
const replyIn: Readonly<Record<Phase, (state: TransactionState, reply: PeerReply) => void>> = {
  reset: resetReply,
  mail: mailReply,
  recipient: recipientReply,
  data: dataReply,
  chunk: chunkReply,
  content: contentReply,
};

export class Transaction {
  private readonly state: TransactionState;

  constructor(session: TransactionSession, job: Job, claim: Claim, mode: TransactionMode) {
    this.state = startingState(session, job, claim, mode);
  }

  /** No reply has come yet. */
  get unanswered(): boolean {
    return this.state.replies === 0;
  }

  /** For timeouts: what the peer owes an answer to. */
  get stage(): string {
    return stageOf(this.state);
  }

  get encoding(): "latin1" | "utf8" {
    return encodingOf(this.state);
  }

  /** Writes as much as may go out at once. */
  begin(): void {
    writeOpening(this.state);
  }

  /** What is to be written behind another's content instead. */
  opening(): string {
    return opening(this.state);
  }

  reply(reply: PeerReply): void {
    const { state } = this;
    state.replies++;
    const { phase } = state;
    if (reply.code === 421 && phase !== "content" && phase !== "chunk") {
      const verdict = replyVerdict(reply);
      return end(state, { kind: "unsent", verdict, free: false, leaving: true }, closing(verdict));
    }
    if (phase !== "content" && phase !== "chunk" && state.session.connection.takeBack())
      return tooEarly(state, reply);
    replyIn[phase](state, reply);
  }

  drained(): void {
    this.state.transfer.drained();
  }

  /** The connection is gone. */
  lost(error: SmtpClientError): void {
    lost(this.state, error);
  }

  /** Taken back because of what became of the transaction before it; no reply came to it. */
  withdraw(error: SmtpClientError): void {
    if (error.code === "aborted") end(this.state, { kind: "aborted" }, error);
    else again(this.state, error, true);
  }
}
