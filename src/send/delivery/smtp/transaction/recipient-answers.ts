/** What the peer said of each recipient of one transaction, and how that becomes outcomes of the job. */
import type { ReplyTreatment } from "../../../../core/policy/reply-policy.ts";
import type { TlsLevel } from "../../../../core/tls-policy/tls-demand.ts";
import type { RecipientState } from "../../../../spool/spool.ts";
import type { Verdict } from "../../delivery.ts";
import type { DeferredRecipient, Job } from "../job/job.ts";
import { replyVerdict } from "../wire/peer-verdict.ts";
import { isTooManyRecipients, kindOf } from "../wire/reply-meaning.ts";
import type { PeerReply } from "../wire/reply-reader.ts";
import type { ReplyReading } from "../wire/reply-reading.ts";

interface Refused {
  readonly state: RecipientState;
  readonly verdict: Verdict;
}

interface Held extends Refused {
  readonly retryAfterMs: number;
}

export class RecipientAnswers {
  readonly accepted: RecipientState[] = [];
  private readonly host: string;
  private readonly permanent: Refused[] = [];
  private readonly transient: DeferredRecipient[] = [];
  /** Refused only because the peer takes no more at once. */
  private readonly again: RecipientState[] = [];
  /** Of the job, but not of this transaction. */
  private readonly others: readonly RecipientState[];

  /** Of whom the next hop takes no mail now. */
  private readonly held: Held[] = [];
  private readonly replies: ReplyReading | undefined;
  private isBelieved = true;

  constructor(host: string, others: readonly RecipientState[], replies?: ReplyReading) {
    this.host = host;
    this.replies = replies;
    this.others = others;
  }

  /** The peer put somebody off. */
  get anyTransient(): boolean {
    return this.transient.length > 0;
  }

  /** How many the peer took before it said that it takes no more; undefined when it did not say that. */
  get mostAtOnce(): number | undefined {
    return this.again.length === 0 ? undefined : this.accepted.length;
  }

  /** Hears the reply to a RCPT; false when it cannot be one. */
  hear(state: RecipientState, reply: PeerReply, reversePath: string): boolean {
    const kind = kindOf(reply);
    if (kind === "unexpected") return false;
    if (kind === "positive") {
      this.accepted.push(state);
      return true;
    }
    const verdict = replyVerdict(reply);
    const treatment = this.replies?.treat("rcpt", reply);
    if (treatment !== undefined) this.treat(state, treatment, verdict, reversePath);
    else if (this.accepted.length > 0 && isTooManyRecipients(reply, verdict.status)) this.again.push(state);
    else if (kind === "permanent") this.permanent.push({ state, verdict });
    else this.transient.push({ state, verdict, host: this.host });
    return true;
  }

  private treat(state: RecipientState, treatment: ReplyTreatment, verdict: Verdict, sender: string): void {
    const { replies, host } = this;
    if (replies === undefined) return;
    if (treatment.kind === "senderRefused")
      this.permanent.push({ state, verdict: replies.naming(verdict, sender) });
    else if (treatment.kind === "permanent") this.permanent.push({ state, verdict });
    else if (treatment.kind === "transient") this.transient.push({ state, verdict, host });
    else this.held.push({ state, verdict, retryAfterMs: replies.apply(treatment, sender, verdict, host) });
  }

  /** The next hop takes no mail of this sender now: for those as well who would come after. */
  heldBack(job: Job, verdict: Verdict, retryAfterMs: number): void {
    for (const state of [...this.accepted, ...this.left]) this.held.push({ state, verdict, retryAfterMs });
    this.close(job, []);
  }

  /** All were answered, and none will have the content. */
  get isNobodyAccepted(): boolean {
    return this.isBelieved && this.accepted.length === 0;
  }

  /** The replies were others': nobody was answered. */
  disbelieve(): void {
    this.isBelieved = false;
    for (const heard of [this.accepted, this.permanent, this.transient, this.again, this.held])
      heard.length = 0;
  }

  /** The accepted have the message; those the peer had no room for stay in the job. */
  delivered(job: Job, verdict: Verdict, dsnRelayed: boolean, tls: TlsLevel): void {
    const { host } = this;
    for (const { index } of this.accepted)
      job.outcomes.push({ kind: "delivered", index, verdict, dsnRelayed, host, tls });
    this.close(job, this.left);
  }

  /** Nobody was accepted. */
  nobody(job: Job): void {
    this.close(job, this.left);
  }

  /** MAIL or the content was refused for good. It says nothing of recipients the peer had no room for. */
  refused(job: Job, verdict: Verdict): void {
    for (const state of this.accepted) this.permanent.push({ state, verdict });
    this.close(job, this.left);
  }

  /** MAIL, DATA or the content was put off: for those as well who would come after. */
  deferred(job: Job, verdict: Verdict): void {
    for (const state of [...this.accepted, ...this.left])
      this.transient.push({ state, verdict, host: this.host });
    this.close(job, []);
  }

  /** Nothing was taken, and all who were not refused are to be sent to once more. */
  onceMore(job: Job): void {
    this.close(job, [...this.accepted, ...this.left]);
  }

  /**
   * The conversation broke off. `unconfirmed`: with the whole content handed over, so those who were not refused may
   * have it. Else they are put off.
   */
  broken(job: Job, recipients: readonly RecipientState[], verdict: Verdict, unconfirmed: boolean): void {
    const { host } = this;
    const answered = new Set<number>();
    for (const { state } of [...this.permanent, ...this.transient, ...this.held]) answered.add(state.index);
    for (const { index } of this.again) answered.add(index);
    for (const state of recipients) {
      const { index } = state;
      if (answered.has(index)) continue;
      if (unconfirmed) job.outcomes.push({ kind: "transient", index, verdict, host, unconfirmed });
      else this.transient.push({ state, verdict, host });
    }
    for (const state of this.left) this.transient.push({ state, verdict, host });
    this.close(job, []);
  }

  private get left(): readonly RecipientState[] {
    return this.again.length === 0 ? this.others : [...this.again, ...this.others];
  }

  private close(job: Job, left: readonly RecipientState[]): void {
    const { host } = this;
    for (const { state, verdict } of this.permanent)
      job.outcomes.push({ kind: "permanent", index: state.index, verdict, host });
    for (const { state, verdict, retryAfterMs } of this.held)
      job.outcomes.push({ kind: "transient", index: state.index, verdict, host, retryAfterMs });
    if (this.transient.length > 0) job.deferred = job.deferred.concat(this.transient);
    job.recipients = left;
  }
}
