/** A claim on its way through the client: who is still to be served, and what was decided so far. */
import type { Claim, RecipientState } from "../../../spool/spool.ts";
import type { AttemptResult, RecipientOutcome, Verdict } from "../delivery.ts";
import { asksForReports, isAsciiPath, isSendablePath } from "./envelope-commands.ts";
import { localVerdict } from "./peer-verdict.ts";

export interface Job {
  readonly claim: Claim;
  readonly resolve: (result: AttemptResult) => void;
  /** Not yet decided. */
  recipients: readonly RecipientState[];
  outcomes: RecipientOutcome[];
  readonly asciiPaths: boolean;
  readonly reports: boolean;
  /** Has had the second try that a connection lost too early gives. */
  retried: boolean;
  /** How a host mishandled its BDAT: it goes by DATA now. */
  chunkingFault: string | undefined;
}

/** Paths that no command can carry are decided at once. */
export function createJob(claim: Claim, resolve: (result: AttemptResult) => void): Job {
  const { envelope } = claim.message;
  let { recipients } = claim;
  const outcomes: RecipientOutcome[] = [];
  let asciiPaths = isAsciiPath(envelope.reversePath);
  const badSender = !isSendablePath(envelope.reversePath);
  let bad = badSender;
  for (const { index } of recipients) {
    const path = envelope.recipients[index]?.forwardPath;
    if (path === undefined || !isSendablePath(path)) bad = true;
    else if (asciiPaths && !isAsciiPath(path)) asciiPaths = false;
  }
  if (bad) {
    const verdict = badSender
      ? localVerdict("5.1.7", "501 5.1.7 the reverse-path cannot be sent")
      : localVerdict("5.1.3", "501 5.1.3 the forward-path cannot be sent");
    const isBad = ({ index }: RecipientState): boolean =>
      badSender || !isSendablePath(envelope.recipients[index]?.forwardPath ?? "\0");
    for (const recipient of recipients) {
      if (isBad(recipient)) outcomes.push({ kind: "permanent", index: recipient.index, verdict });
    }
    recipients = recipients.filter((recipient) => !isBad(recipient));
  }
  return {
    claim,
    resolve,
    recipients,
    outcomes,
    asciiPaths,
    reports: asksForReports(envelope),
    retried: false,
    chunkingFault: undefined,
  };
}

/** Gives all undecided recipients the same outcome. */
export function decideRest(job: Job, kind: "transient" | "permanent", verdict: Verdict): void {
  for (const { index } of job.recipients) job.outcomes.push({ kind, index, verdict });
  job.recipients = [];
}
