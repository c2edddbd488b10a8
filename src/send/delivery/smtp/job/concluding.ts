/** How a job ends: what is told of recipients that nobody took, and to whom it is told. */
import type { SmtpClientError } from "../wire/client-error.ts";
import { decideDeferred, decideRest, isBegun, outcomeOf, type Job } from "./job.ts";
import type { NextHopHost } from "../peer/peer.ts";
import { localVerdict } from "../wire/peer-verdict.ts";

/** Recipients that are not decided stay as they were. */
export function resolveJob(job: Job, kind: "attempted" | "aborted", host: string): void {
  decideDeferred(job);
  if (kind === "aborted" && job.outcomes.length === 0) job.resolve({ kind });
  else job.resolve({ kind: "attempted", host, outcomes: job.outcomes });
}

/**
 * No other peer is left to ask, or none of them could be reached (`error`). Who was put off stays so. That the message
 * cannot be given to the next hop at all is the outcome only when every host has said so, or as many as are asked.
 */
export function conclude(
  job: Job,
  hosts: readonly NextHopHost[],
  host: string,
  error?: SmtpClientError,
): void {
  decideAsBefore(job);
  const { unfit } = job;
  if (job.recipients.length > 0) {
    const isEnough = job.asked.length >= job.mostAsked;
    const unheard = isEnough
      ? undefined
      : hosts.find((each) => !job.asked.some((peer) => peer.host === each));
    if (unfit !== undefined && unheard === undefined)
      decideRest(
        job,
        unfit.verdict.status.startsWith("4") ? "transient" : "permanent",
        unfit.verdict,
        unfit.host,
      );
    else
      decideRest(
        job,
        "transient",
        error?.verdict ?? localVerdict("4.4.1", `${unheard?.name ?? host} cannot be reached`),
        host,
      );
  }
  resolveJob(job, "attempted", host);
}

/** No host can be reached: the queue's failure, unless something was decided. */
export function unreachable(
  job: Job,
  hosts: readonly NextHopHost[],
  host: string,
  error: SmtpClientError,
  tlsRequired: boolean,
): void {
  if (isBegun(job)) return conclude(job, hosts, host, error);
  const { verdict, hold } = error;
  job.resolve({
    kind: "unreachable",
    host,
    verdict,
    ...(tlsRequired ? { tlsRequired } : {}),
    ...(hold === undefined ? {} : { hold }),
  });
}

/** Recipients called back for another peer, whom none has taken: as the last one said. */
function decideAsBefore(job: Job): void {
  if (job.before.length === 0) return;
  const before = new Map(job.before.map((each) => [each.state.index, each]));
  job.recipients = job.recipients.filter((state) => {
    const known = before.get(state.index);
    if (known === undefined) return true;
    job.outcomes.push(outcomeOf(known));
    return false;
  });
}
