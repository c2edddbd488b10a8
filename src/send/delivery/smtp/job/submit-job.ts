/** From a claim to a job that may run: what has to be signed is signed first. */
import { SpoolError, type Claim } from "../../../../spool/spool.ts";
import type { Signer } from "../../../../dkim/signer.ts";
import type { AttemptResult } from "../../delivery.ts";
import { failureWords } from "../wire/failure-words.ts";
import { localVerdict } from "../wire/peer-verdict.ts";
import { createJob, type Job, type JobResult } from "./job.ts";

/** Without an active signer the job is submitted at once. `host`: named where nobody is asked. Never throws. */
export function submitJob(
  claim: Claim,
  resolve: (result: JobResult) => void,
  {
    signer,
    host,
    submit,
  }: {
    readonly signer: Signer | undefined;
    readonly host: string;
    readonly submit: (job: Job) => void;
  },
): void {
  const submitAs = (form: Claim): void => {
    const job = createJob(claim, resolve, form);
    if (job.recipients.length > 0) submit(job);
    else resolve({ kind: "attempted", host, outcomes: job.outcomes });
  };
  if (signer?.isActive !== true) return submitAs(claim);
  signer.signThen(claim, submitAs, (error) => resolve(unsigned(claim, error, host)));
}

/** Mail that is to be signed never goes without: it waits until it can be. */
function unsigned(claim: Claim, error: unknown, host: string): AttemptResult {
  if (error instanceof SpoolError && error.code === "damaged")
    return { kind: "damaged", what: error.message };
  const verdict = localVerdict("4.7.5", `cannot be signed (DKIM): ${failureWords(error)}`);
  const outcomes = claim.recipients.map(({ index }) => ({ kind: "transient", index, verdict }) as const);
  return { kind: "attempted", host, outcomes };
}
