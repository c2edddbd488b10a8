/** Carries the mail of one recipient domain to its mail exchangers. Light: there is one for each queue of a domain. */
import type { NoHosts } from "../../core/mx/dns-facts.ts";
import type { HostPlan } from "../../core/mx/host-plan.ts";
import type { Signer } from "../../dkim/signer.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Claim } from "../../spool/spool.ts";
import type { AttemptResult, Carrier } from "../delivery/delivery.ts";
import { submitJob } from "../delivery/smtp/job/submit-job.ts";
import { localVerdict } from "../delivery/smtp/wire/peer-verdict.ts";
import type { FoundHosts, MailHosts } from "./mail-hosts.ts";
import type { Sites } from "./sites.ts";

/** Claims at hand for each connection: one running, one written behind it, one waiting. */
const claimsPerConnection = 3;

export interface DomainCarrierContext {
  readonly connector: string;
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
  const { hosts, sites, clock, signer, onAborted, close } = context;
  let found: FoundHosts | undefined;
  let keptUntil = 0;
  let asking: Promise<FoundHosts> | undefined;

  const ask = (): Promise<FoundHosts> => {
    asking ??= hosts.of(domain).then((now) => {
      asking = undefined;
      found = now;
      keptUntil = clock.now() + now.keepMs;
      tellSkipped(domain, now.result, context);
      return now;
    });
    return asking;
  };

  const hand = (claim: Claim, result: HostPlan | NoHosts): AttemptResult | Promise<AttemptResult> => {
    if (result.kind !== "hosts") return withoutHosts(domain, claim, result);
    const retryAfterMs = sites.turnIn(result);
    if (retryAfterMs > 0)
      return {
        kind: "throttled",
        host: domain,
        verdict: localVerdict("4.3.2", "waits for its turn: siteMessageRateLimit"),
        retryAfterMs,
      };
    return new Promise((resolve) => {
      submitJob(claim, resolve, { signer, host: domain, submit: (job) => sites.submit(result, job) });
    });
  };

  return {
    concurrency: sites.most * claimsPerConnection,
    async carry(claim) {
      if (found !== undefined && clock.now() < keptUntil) return hand(claim, found.result);
      const now = await new Promise<FoundHosts | undefined>((resolve, reject) => {
        const goOn = onAborted(() => resolve(undefined));
        ask().then(resolve, reject).finally(goOn);
      });
      return now === undefined ? { kind: "aborted" } : hand(claim, now.result);
    },
    retryNow() {
      hosts.forget(domain, found);
      found = undefined;
    },
    close,
  };
}

/** DNS knows no host: the domain's mail fails, or its queue waits. */
function withoutHosts(domain: string, claim: Claim, { kind, status, text }: NoHosts): AttemptResult {
  const verdict = localVerdict(status, text);
  if (kind === "later") return { kind: "unreachable", host: domain, verdict };
  const outcomes = claim.recipients.map(({ index }) => ({ kind: "permanent", index, verdict }) as const);
  return { kind: "attempted", host: "", outcomes };
}

function tellSkipped(
  domain: string,
  result: HostPlan | NoHosts,
  { connector, events }: DomainCarrierContext,
): void {
  if (result.kind !== "hosts" || !events.wants("MailHostSkipped")) return;
  for (const { host, reason } of result.skipped)
    events.emit("MailHostSkipped", { connector, domain, host, reason });
}
