/** How long a policy is in force, when it is looked at anew, and what is done where that fails (RFC 8461 §3.3, §5.1). */
import type { PolicyRecord } from "./policy-record.ts";
import type { MtaStsPolicy } from "./policy.ts";

export interface KeptPolicy {
  readonly policy: MtaStsPolicy;
  /** Of the TXT record when it was fetched; undefined where there was none any more. */
  readonly id: string | undefined;
  /** When it was fetched, and until when it is in force; milliseconds as the caller counts them. */
  readonly fetchedAt: number;
  readonly until: number;
}

/** Milliseconds. */
const leastMs = 5_000;
const day = 86_400_000;
const firstPauseMs = 5 * 60_000;
const longestPauseMs = 60 * 60_000;

/** What is dated later than this from now was written, or is read, under a clock that was wrong. */
const toComeMs = 3_600_000;

/** A max_age of 0 lasts as long as a DNS record without a TTL does, lest it be a fetch a message. */
export function kept(policy: MtaStsPolicy, id: string | undefined, fetchedAt: number): KeptPolicy {
  return { policy, id, fetchedAt, until: fetchedAt + Math.max(leastMs, policy.maxAgeS * 1000) };
}

/**
 * Times on disk, by the wall clock, as the caller counts them. `ahead`: the wall clock's lead; `since`: from when on a policy of a
 * time to come counts. One of the clocks was wrong then: its max_age is what it has left, and it is looked at anew within a day.
 */
export function timesOf(
  written: { readonly fetchedAt: number; readonly until: number },
  ahead: number,
  now: number,
  since: number,
): { readonly fetchedAt: number; readonly until: number; readonly isToCome: boolean } {
  const fetchedAt = written.fetchedAt - ahead;
  if (fetchedAt <= now + toComeMs) return { fetchedAt, until: written.until - ahead, isToCome: false };
  return { fetchedAt: since, until: since + written.until - written.fetchedAt, isToCome: true };
}

/** To be obeyed. */
export const isInForce = (known: KeptPolicy | undefined, now: number): known is KeptPolicy =>
  known !== undefined && now < known.until && known.policy.mode !== "none";

/** Daily, and so long before it ends that some failures in between end nothing. */
export const isDueForRefresh = ({ fetchedAt, until }: KeptPolicy, now: number): boolean =>
  now >= fetchedAt + Math.min(day, (until - fetchedAt) / 2);

/**
 * - `keep`: the one in force is obeyed; `refresh`: it is, and meanwhile fetched anew;
 * - `fetch`: the policy is fetched before it is decided on mail;
 * - `none`: the domain has no policy.
 */
export type PolicyStep = "keep" | "refresh" | "fetch" | "none";

/**
 * `record`: undefined when nobody knows whether there is one. A record that is gone, or that nobody knows, ends no policy
 * in force: who could take it away could send mail elsewhere.
 */
export function policyStep(
  known: KeptPolicy | undefined,
  record: PolicyRecord | undefined,
  now: number,
): PolicyStep {
  const id = record?.kind === "record" ? record.id : undefined;
  const isKnown = known !== undefined && now < known.until;
  if (id !== undefined && (!isKnown || id !== known.id)) return "fetch";
  if (!isKnown || known.policy.mode === "none") return "none";
  return isDueForRefresh(known, now) ? "refresh" : "keep";
}

/** Milliseconds until a domain whose policy could not be fetched so many times in a row is asked again. */
export const pauseAfter = (failures: number): number =>
  Math.min(firstPauseMs * 2 ** Math.max(0, failures - 1), longestPauseMs);
