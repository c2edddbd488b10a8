/** Where a job goes behind a transaction: it is over, or waits for a connection of some kind. */
import { conclude, resolveJob } from "../job/concluding.ts";
import { anyoneLeft, putOff, recall, type Job } from "../job/job.ts";
import type { NextHopHost, Peer } from "../peer/peer.ts";
import type { TransactionEnd } from "../transaction/transaction-contract.ts";

export type JobCourse =
  /** Its result was told. */
  | "over"
  /** The next transaction of any connection. */
  | "next"
  /** Only a new connection may show whether the old one was at fault. */
  | "newConnection"
  /** Who put it off is not asked again. */
  | "anotherPeer";

/** `closing`: nothing is begun any more. */
export function afterTransaction(
  job: Job,
  end: TransactionEnd,
  peer: Peer,
  hosts: readonly NextHopHost[],
  closing: boolean,
): JobCourse {
  const host = peer.host.name;
  if (end.kind === "damaged" && job.outcomes.length === 0) {
    job.resolve({ kind: "damaged", what: end.what });
    return "over";
  }
  if (end.kind === "damaged") return over(job, "attempted", host);
  if (end.kind === "aborted" || closing) return over(job, "aborted", host);
  if (end.kind === "wornOut") return "newConnection";
  if (end.kind === "unsent") {
    if (end.free || !job.retried) {
      if (!end.free) job.retried = true;
      return "newConnection";
    }
    putOff(job, end.verdict, peer);
  }
  // Recipients beyond what the peer takes at once follow in a transaction of their own.
  if (job.recipients.length > 0) {
    job.retried = false;
    return "next";
  }
  if (job.deferred.length === 0) return over(job, "attempted", host);
  const mayGoElsewhere = end.kind === "unsent" || end.elsewhere;
  if (!mayGoElsewhere || !anyoneLeft(job, hosts)) {
    conclude(job, hosts, host);
    return "over";
  }
  recall(job);
  return "anotherPeer";
}

function over(job: Job, kind: "attempted" | "aborted", host: string): JobCourse {
  resolveJob(job, kind, host);
  return "over";
}
