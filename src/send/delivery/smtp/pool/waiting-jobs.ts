/** The jobs of one next hop that wait for a connection. */
import { isBegun, mayServe, type Job } from "../job/job.ts";
import type { Peer } from "../peer/peer.ts";

export class WaitingJobs {
  /** For any connection. */
  private anywhere: Job[] = [];
  /** Only a new connection may take them: theirs was lost or worn out. */
  private fresh: Job[] = [];
  /** Put off by some peers: only others may take them. */
  private elsewhere: Job[] = [];

  get count(): number {
    return this.anywhere.length + this.fresh.length + this.elsewhere.length;
  }

  /** Jobs that want a connection to any peer, and jobs that want one to a peer they were not put off by. */
  get wantAny(): number {
    return this.anywhere.length + this.fresh.length;
  }

  get wantFresh(): number {
    return this.fresh.length;
  }

  get wantElsewhere(): number {
    return this.elsewhere.length;
  }

  get first(): Job | undefined {
    return this.fresh[0] ?? this.anywhere[0] ?? this.elsewhere[0];
  }

  addLast(job: Job): void {
    this.anywhere.push(job);
  }

  addFirst(job: Job): void {
    this.anywhere.unshift(job);
  }

  addFresh(job: Job): void {
    this.fresh.push(job);
  }

  addElsewhere(job: Job): void {
    this.elsewhere.push(job);
  }

  /** What a connection takes next. Cost: nothing to look through in the usual case. */
  nextFor(peer: Peer, isNew: boolean): Job | undefined {
    if (isNew && this.fresh.length > 0) {
      const job = takeFor(this.fresh, peer);
      if (job !== undefined) return job;
    }
    if (this.elsewhere.length > 0) {
      const job = takeFor(this.elsewhere, peer);
      if (job !== undefined) return job;
    }
    return this.anywhere.shift();
  }

  /** Whether a connection to `peer` would help any that wait for another peer. */
  wouldHelp(peer: Peer): boolean {
    return this.elsewhere.some((job) => mayServe(job, peer));
  }

  /** No new connection is to be had: those who wait for one take any. */
  giveUpFresh(): void {
    const fresh = this.fresh.splice(0);
    this.elsewhere.push(...fresh.filter(({ asked }) => asked.length > 0));
    this.anywhere.unshift(...fresh.filter(({ asked }) => asked.length === 0));
  }

  /** Whether any that were put off wait for none of `peers`. */
  anyStranded(peers: readonly Peer[]): boolean {
    return this.elsewhere.some((job) => !peers.some((peer) => mayServe(job, peer)));
  }

  /** Takes out those put off whom none of `peers` may be asked for. */
  takeStranded(peers: readonly Peer[]): Job[] {
    if (this.elsewhere.length === 0) return [];
    const stranded = this.elsewhere.filter((job) => !peers.some((peer) => mayServe(job, peer)));
    if (stranded.length > 0) this.elsewhere = this.elsewhere.filter((job) => !stranded.includes(job));
    return stranded;
  }

  /** Takes out those that nobody was asked to take yet. */
  takeUnbegun(fits: (job: Job) => boolean): Job[] {
    const taken = [...this.fresh, ...this.anywhere].filter((job) => !isBegun(job) && fits(job));
    if (taken.length === 0) return taken;
    const gone = new Set(taken);
    this.fresh = this.fresh.filter((job) => !gone.has(job));
    this.anywhere = this.anywhere.filter((job) => !gone.has(job));
    return taken;
  }

  takeAll(): Job[] {
    const all = [...this.fresh, ...this.anywhere, ...this.elsewhere];
    this.fresh = [];
    this.anywhere = [];
    this.elsewhere = [];
    return all;
  }
}

function takeFor(jobs: Job[], peer: Peer): Job | undefined {
  const at = jobs.findIndex((job) => job.asked.length === 0 || mayServe(job, peer));
  return at < 0 ? undefined : jobs.splice(at, 1)[0];
}
