/** What the peer said of each recipient of one transaction, and how that becomes outcomes of the job. */
import type { RecipientState } from "../../../spool/spool.ts";
import type { RecipientOutcome, Verdict } from "../delivery.ts";
import type { Job } from "./job.ts";
import { replyVerdict } from "./peer-verdict.ts";
import { isTooManyRecipients, kindOf } from "./reply-meaning.ts";
import type { PeerReply } from "./reply-reader.ts";

export class RecipientAnswers {
  readonly accepted: RecipientState[] = [];
  private readonly refused: RecipientOutcome[] = [];
  /** Refused only because the peer takes no more at once. */
  private readonly again: { readonly recipient: RecipientState; readonly verdict: Verdict }[] = [];

  /** MAIL was refused, and with it everybody. */
  refuseAll(recipients: readonly RecipientState[], kind: "transient" | "permanent", verdict: Verdict): void {
    for (const { index } of recipients) this.refused.push({ kind, index, verdict });
  }

  /** Takes the reply to a RCPT; false when it cannot be one. */
  take(recipient: RecipientState, reply: PeerReply): boolean {
    const kind = kindOf(reply);
    if (kind === "unexpected") return false;
    if (kind === "done") {
      this.accepted.push(recipient);
      return true;
    }
    const verdict = replyVerdict(reply);
    if (this.accepted.length > 0 && isTooManyRecipients(reply, verdict.status)) {
      this.again.push({ recipient, verdict });
    } else {
      this.refused.push({ kind, index: recipient.index, verdict });
    }
    return true;
  }

  /** The accepted have the message; those the peer had no room for stay in the job. */
  delivered(job: Job, verdict: Verdict, dsnRelayed: boolean): void {
    for (const { index } of this.accepted)
      job.outcomes.push({ kind: "delivered", index, verdict, dsnRelayed });
    for (const outcome of this.refused) job.outcomes.push(outcome);
    job.recipients = this.again.length === 0 ? [] : this.again.map(({ recipient }) => recipient);
  }

  /** The content was refused, or never sent because nobody was accepted. */
  notDelivered(job: Job, content: Verdict | undefined): void {
    if (content !== undefined) {
      const kind = content.status.startsWith("5") ? "permanent" : "transient";
      for (const { index } of this.accepted) job.outcomes.push({ kind, index, verdict: content });
    }
    this.settleRefused(job);
  }

  /** `verdict`, transient, for everybody the peer did not refuse itself. */
  unknown(job: Job, recipients: readonly RecipientState[], verdict: Verdict): void {
    const decided = new Set(this.refused.map(({ index }) => index));
    for (const { recipient } of this.again) decided.add(recipient.index);
    for (const { index } of recipients) {
      if (!decided.has(index)) job.outcomes.push({ kind: "transient", index, verdict });
    }
    this.settleRefused(job);
  }

  private settleRefused(job: Job): void {
    for (const outcome of this.refused) job.outcomes.push(outcome);
    for (const { recipient, verdict } of this.again) {
      job.outcomes.push({ kind: "transient", index: recipient.index, verdict });
    }
    job.recipients = [];
  }
}
