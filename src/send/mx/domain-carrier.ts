/** Carries the mail of one recipient domain to its mail exchangers. Light: there is one for each queue of a domain. */
import type { NoHosts } from "../../core/mx/dns-facts.ts";
import type { HostPlan } from "../../core/mx/host-plan.ts";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { SecuredHosts, TlsPlan } from "../../core/tls-policy/plan-tls.ts";
import type { TlsStrength } from "../../core/tls-policy/taking-over.ts";
import type { MessageTls } from "../../core/tls-policy/tls-facts.ts";
import type { Signer } from "../../dkim/signer.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Claim } from "../../spool/spool.ts";
import type { AttemptResult, Carrier, Verdict } from "../delivery/delivery.ts";
import type { OnTlsAttempt } from "../delivery/smtp/opening/tls-attempt.ts";
import { conclude, resolveJob } from "../delivery/smtp/job/concluding.ts";
import { isBegun, jobOf, type Job, type JobBasis } from "../delivery/smtp/job/job.ts";
import { submitJob } from "../delivery/smtp/job/submit-job.ts";
import { SmtpClientError } from "../delivery/smtp/wire/client-error.ts";
import { localVerdict } from "../delivery/smtp/wire/peer-verdict.ts";
import { demandedByDomain, mayDemand, tlsOfFound } from "./found-tls.ts";
import type { FoundHosts, MailHosts } from "./mail-hosts.ts";
import type { Sites } from "./sites.ts";

/** Claims at hand for each connection: one running, one written behind it, one waiting. */
const claimsPerConnection = 3;
/** Mail that waits for a connection goes by what was found before for so long at least, however short-lived the records are. */
const leastHeldMs = 30_000;

interface Basis extends JobBasis {
  readonly of: FoundHosts;
}

export interface DomainCarrierContext {
  readonly connector: SmtpSendConnector;
  readonly onTls: OnTlsAttempt | undefined;
  readonly hosts: MailHosts;
  readonly sites: Sites;
  readonly clock: Clock;
  readonly events: Events;
  readonly signer: Signer | undefined;
  /** Of all queues of the connector; idempotent. */
  readonly close: (graceMs: number) => Promise<void>;
  /** Runs `stop` when what is under way is to end. Returns what takes that back. */
  readonly onAborted: (stop: () => void) => () => void;
}

/** `domain`: lower case, A-labels; or an address in brackets. */
export function createDomainCarrier(domain: string, context: DomainCarrierContext): Carrier {
  const { connector, hosts, sites, clock, signer, onAborted, close } = context;
  let found: FoundHosts | undefined;
  /** Of `found`, for mail that waits for a connection. */
  let basis: Basis | undefined;
  /** The last one that was made, mostly of all mail: there are many carriers. */
  let planned:
    | {
        readonly of: FoundHosts;
        readonly message: MessageTls | undefined;
        readonly result: SecuredHosts | NoHosts;
      }
    | undefined;
  let keptUntil = 0;
  /** As last found; what could not be found out counts as demanded. */
  let demanded: TlsStrength = mayDemand(connector) ? "named" : "clear";
  /** What the resolver keeps is asked for anew first. */
  let isToBeRenewed = false;
  /** Of the name servers that were asked. */
  let generation = 0;
  let asking: Promise<Basis> | undefined;

  const look = async (): Promise<FoundHosts> => {
    if (!isToBeRenewed) return hosts.of(domain);
    isToBeRenewed = false;
    hosts.forget(domain, await hosts.of(domain));
    return hosts.of(domain);
  };

  const ask = (): Promise<Basis> => {
    const of = hosts.generation();
    asking ??= look().then(
      (now) => {
        asking = undefined;
        found = now;
        generation = of;
        const at = clock.now();
        keptUntil = at + now.keepMs;
        basis = { of: now, until: at + Math.max(now.keepMs, leastHeldMs), renew };
        tellSkipped(domain, now.result, context);
        return basis;
      },
      (fault: unknown) => {
        // It must not be the answer for as long as the domain has mail.
        asking = undefined;
        throw fault;
      },
    );
    return asking;
  };

  /** Domains that wait may be many. What was found for them the resolver has: none keeps a copy of its own. */
  const letGo = (by: JobBasis): void => {
    if (found === undefined || basis !== by) return;
    demanded = demandedByDomain(connector, domain, found);
    found = basis = planned = undefined;
  };

  /** What mail asks for by itself makes another plan of the same hosts. */
  const planFor = (message: MessageTls | undefined, of: FoundHosts): SecuredHosts | NoHosts => {
    const { result } = of;
    if (result.kind !== "hosts") return result;
    if (planned?.of === of && planned.message === message) return planned.result;
    const plan = tlsOfFound(connector, domain, result, of, message);
    tellBarred(domain, plan, context);
    planned = { of, message, result: plan.result };
    return plan.result;
  };

  /** Mail that asks for nothing itself goes by other demands. */
  const isOwnDemand = ({ message: { envelope } }: Claim, of: FoundHosts): boolean => {
    if (envelope.tls !== "required") return false;
    const own = planFor(envelope.tls, of);
    const others = planFor(undefined, of);
    return own.kind !== "hosts" || others.kind !== "hosts" || own.key !== others.key;
  };

  const hand = (claim: Claim, by: Basis): Promise<AttemptResult> => {
    const { of } = by;
    const result = planFor(claim.message.envelope.tls, of);
    if (result.kind !== "hosts") {
      const attempt = withoutHosts(domain, claim, result);
      if (attempt.kind === "unreachable") letGo(by);
      return Promise.resolve(attempt);
    }
    const retryAfterMs = sites.turnIn(result);
    if (retryAfterMs > 0)
      return Promise.resolve({
        kind: "throttled",
        host: domain,
        verdict: localVerdict("4.3.2", "waits for its turn: siteMessageRateLimit"),
        retryAfterMs,
      });
    return new Promise((resolve) => {
      let submitted: Job | undefined;
      const end = (attempt: AttemptResult): void => {
        if (attempt.kind !== "unreachable") return resolve(attempt);
        const last = submitted?.basis ?? by;
        const isOwn = isOwnDemand(claim, basis === last ? (found ?? of) : of);
        letGo(last);
        resolve(isOwn ? ownFailure(claim, attempt) : attempt);
      };
      const submit = (job: Job): void => {
        submitted = job;
        job.basis = by;
        sites.submit(result, job);
      };
      submitJob(claim, end, { signer, host: domain, submit });
    });
  };

  /** Undefined: the relay ends meanwhile. */
  const whenFound = (): Promise<Basis | undefined> =>
    new Promise((resolve, reject) => {
      const goOn = onAborted(() => resolve(undefined));
      ask().then(resolve, reject).finally(goOn);
    });

  const handWhenFound = async (claim: Claim): Promise<AttemptResult> => {
    const now = await whenFound();
    return now === undefined ? { kind: "aborted" } : hand(claim, now);
  };

  const known = (): Basis | undefined =>
    clock.now() < keptUntil && generation === hosts.generation() ? basis : undefined;

  const renew = (job: Job): void => {
    Promise.resolve(known() ?? whenFound()).then(
      (now) => handAgain(job, now),
      (fault: unknown) => conclude(job, [], domain, new SmtpClientError("resolve", String(fault))),
    );
  };

  const handAgain = (job: Job, by: Basis | undefined): void => {
    if (by === undefined) return resolveJob(job, "aborted", domain);
    const result = planFor(job.claim.message.envelope.tls, by.of);
    job.basis = by;
    if (result.kind === "hosts") return sites.resubmit(result, job);
    if (!isBegun(job)) return job.resolve(withoutHosts(domain, job.claim, result));
    // What one host could not take is the outcome only where all have said so; the next attempt tells what becomes of who is left.
    job.unfit = undefined;
    conclude(job, [], domain, new SmtpClientError("resolve", result.text.replace(/^\d{3} \S+ /, "")));
  };

  return {
    concurrency: sites.most * claimsPerConnection,
    carry(claim) {
      const now = known();
      return now === undefined ? handWhenFound(claim) : hand(claim, now);
    },
    demandedTls: () => (found === undefined ? demanded : demandedByDomain(connector, domain, found)),
    recall(claim) {
      const isOf = jobOf(claim);
      return sites.recall((job) => job.basis?.renew === renew && isOf(job));
    },
    recallShared: sites.recallClaim,
    retryNow() {
      if (found === undefined) isToBeRenewed = true;
      else hosts.forget(domain, found);
      if (basis !== undefined) basis.until = 0;
      found = basis = planned = undefined;
    },
    close,
  };
}

/** What the message alone demands keeps no other mail of the domain: where nobody fulfils it, the message waits and the queue goes on. */
function ownFailure(claim: Claim, result: AttemptResult): AttemptResult {
  if (result.kind !== "unreachable") return result;
  const { host, verdict } = result;
  return allOf(claim, host, "transient", verdict);
}

/** One outcome for all recipients. */
function allOf(claim: Claim, host: string, kind: "transient" | "permanent", verdict: Verdict): AttemptResult {
  const outcomes = claim.recipients.map(({ index }) => ({ kind, index, verdict }) as const);
  return { kind: "attempted", host, outcomes };
}

/** DNS knows no host: the domain's mail fails, or its queue waits. */
function withoutHosts(domain: string, claim: Claim, { kind, status, text }: NoHosts): AttemptResult {
  const verdict = localVerdict(status, text);
  const isQueues = kind === "later" && claim.message.envelope.tls !== "required";
  if (isQueues) return { kind: "unreachable", host: domain, verdict };
  return allOf(claim, "", kind === "later" ? "transient" : "permanent", verdict);
}

function tellSkipped(
  domain: string,
  result: HostPlan | NoHosts,
  { connector, events }: DomainCarrierContext,
): void {
  if (result.kind !== "hosts" || !events.wants("MailHostSkipped")) return;
  for (const { host, reason } of result.skipped)
    events.emit("MailHostSkipped", { connector: connector.name, domain, host, reason });
}

function tellBarred(
  domain: string,
  { barred }: TlsPlan,
  { connector, events, onTls }: DomainCarrierContext,
): void {
  for (const { host, tls } of barred) {
    const { reason, outcomes } = tls;
    if (events.wants("MailHostSkipped"))
      events.emit("MailHostSkipped", { connector: connector.name, domain, host, reason });
    if (outcomes.length > 0)
      onTls?.({
        connector: connector.name,
        domain,
        host,
        address: "",
        localAddress: "",
        level: outcomes[0]?.policy === "sts" ? "sts" : "dane",
        isSecured: false,
        outcomes,
      });
  }
}
