/** A claim on its way through the client: who is still to be served, and what was decided so far. */
import type { HostTls } from "../../../../core/tls-policy/tls-demand.ts";
import type { Hold } from "../../../../core/policy/reply-policy.ts";
import type { Claim, RecipientState } from "../../../../spool/spool.ts";
import type { AttemptResult, RecipientOutcome, Verdict } from "../../delivery.ts";
import { asksForReports, isAsciiPath, isSendablePath } from "./envelope-commands.ts";
import type { NextHopHost, Peer } from "../peer/peer.ts";
import { familyOf, mayAsk } from "../peer/peer-order.ts";
import { localVerdict } from "../wire/peer-verdict.ts";
import type { SevenBitForm } from "./seven-bit-form.ts";

/** A recipient that a peer put off by 4xx: another may take it in the same attempt (RFC 5321 §5.1). */
export interface DeferredRecipient {
  readonly state: RecipientState;
  readonly verdict: Verdict;
  /** It was refused, not put off: that is its outcome unless the other family takes it. */
  readonly refused?: true;
  /** Who said so. */
  readonly host: string;
}

/** `hold`: whose mail is to wait because the next hop could not be had. */
export type JobResult = AttemptResult & { readonly hold?: Hold };

/** What its hosts, and what is demanded of them, rest on: one for all mail that goes by the same look-up. */
export interface JobBasis {
  /** `Clock.now()`: until then it holds. */
  until: number;
  /** Finds out anew where a job goes that waits, and submits it there or decides it: never before this returns. */
  readonly renew: (job: Job) => void;
}

export interface Job {
  readonly claim: Claim;
  /** With the content it is sent with where the peer takes it as it came: signatures may stand in front of it. */
  readonly form: Claim;
  readonly resolve: (result: JobResult) => void;
  /** To be served next: neither decided nor put off. */
  recipients: readonly RecipientState[];
  outcomes: RecipientOutcome[];
  deferred: readonly DeferredRecipient[];
  /** What put off those who are to be served again by another peer. */
  before: readonly DeferredRecipient[];
  /** Those who put it off or cannot take it: not asked again in this attempt. */
  asked: readonly Peer[];
  /** So many of them are enough for one attempt. */
  mostAsked: number;
  /** Only addresses of this family are asked any more: those of the other refuse it. */
  onlyFamily: 4 | 6 | undefined;
  /** Why a peer that was asked cannot be given this message at all. */
  unfit: { readonly verdict: Verdict; readonly host: string } | undefined;
  readonly asciiPaths: boolean;
  readonly reports: boolean;
  /** Its present recipients have had the second try that a connection lost too early gives, with this peer. */
  retried: boolean;
  /** How a peer mishandled its BDAT: it goes by DATA now. */
  chunkingFault: string | undefined;
  /** Made when a peer first needs it. */
  sevenBit: SevenBitForm | undefined;
  /** A used connection said 4xx after so many messages: a new one will show whether that was why. */
  wornOut: { readonly host: NextHopHost; readonly messages: number } | undefined;
  /** What TLS with each host must be like by the word of its recipients' domain; undefined: by the pool's. */
  demands: ReadonlyMap<string, HostTls> | undefined;
  /** Undefined: an administrator's word, which holds. */
  basis: JobBasis | undefined;
}

/** Paths that no command can carry are decided at once. */
export function createJob(claim: Claim, resolve: (result: JobResult) => void, form: Claim = claim): Job {
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
    form,
    resolve,
    recipients,
    outcomes,
    deferred: [],
    before: [],
    asked: [],
    mostAsked: Infinity,
    onlyFamily: undefined,
    unfit: undefined,
    asciiPaths,
    reports: asksForReports(envelope),
    retried: false,
    chunkingFault: undefined,
    sevenBit: undefined,
    wornOut: undefined,
    demands: undefined,
    basis: undefined,
  };
}

/** Puts off everybody who is to be served: `peer` is not asked again in this attempt. */
export function putOff(job: Job, verdict: Verdict, peer: Peer): void {
  const host = peer.host.name;
  job.deferred = job.deferred.concat(job.recipients.map((state) => ({ state, verdict, host })));
  job.recipients = [];
  passOver(job, peer);
}

/**
 * The sender is refused at an address of a host that has addresses of the other family, too: one of these is asked before that
 * is believed, for many refuse all of IPv6 or of one provider's. False: there is none, or one has refused it already.
 */
export function putToOtherFamily(job: Job, verdict: Verdict, peer: Peer): boolean {
  const { host } = peer;
  if (job.onlyFamily !== undefined) return false;
  const other = familyOf(peer) === 6 ? 4 : 6;
  if (host.peers?.some((each) => familyOf(each) === other && mayAsk(job.asked, each)) !== true) return false;
  const told = job.recipients.map((state) => ({ state, verdict, host: host.name, refused: true }) as const);
  job.deferred = job.deferred.concat(told);
  job.recipients = [];
  job.onlyFamily = other;
  passOver(job, peer);
  return true;
}

type JobAsking = Pick<Job, "asked" | "mostAsked" | "onlyFamily">;

/** Whether `peer` may be given the job in the same attempt. */
export function mayServe(job: JobAsking, peer: Peer): boolean {
  if (job.asked.length >= job.mostAsked) return false;
  if (job.onlyFamily !== undefined && familyOf(peer) !== job.onlyFamily) return false;
  return mayAsk(job.asked, peer);
}

/** Whether anyone is left to ask. A host that was never resolved may have one. */
export function anyoneLeft(job: JobAsking, hosts: readonly NextHopHost[]): boolean {
  if (job.asked.length >= job.mostAsked) return false;
  return hosts.some(({ peers }) => peers === undefined || peers.some((peer) => mayServe(job, peer)));
}

/** `peer` is not asked again in this attempt. */
export function passOver(job: Job, peer: Peer): void {
  if (!job.asked.includes(peer)) job.asked = [...job.asked, peer];
}

/** Those who were put off are to be served again, by another peer. */
export function recall(job: Job): void {
  job.recipients = job.deferred.map(({ state }) => state);
  job.before = job.deferred;
  job.deferred = [];
  job.retried = false;
}

/** Gives all who are to be served the same outcome. */
export function decideRest(job: Job, kind: "transient" | "permanent", verdict: Verdict, host: string): void {
  for (const { index } of job.recipients) job.outcomes.push({ kind, index, verdict, host });
  job.recipients = [];
}

/** Somebody was asked already, or some recipients are decided. */
export function isBegun({ asked, outcomes, deferred }: Job): boolean {
  return outcomes.length > 0 || deferred.length > 0 || asked.length > 0;
}

/** That of a claim, which may be carried with other senders; any, where none is named. */
export function jobOf(claim: Claim | undefined): (job: Job) => boolean {
  return ({ claim: own }) =>
    claim === undefined || (own.message.id === claim.message.id && own.queue === claim.queue);
}

/** Nobody else is left to ask: what put them off is their outcome. */
export function decideDeferred(job: Job): void {
  for (const each of job.deferred) job.outcomes.push(outcomeOf(each));
  job.deferred = [];
}

/** Of one whom nobody else took. */
export function outcomeOf({ state, verdict, host, refused }: DeferredRecipient): RecipientOutcome {
  return { kind: refused === true ? "permanent" : "transient", index: state.index, verdict, host };
}
