/** What TLS with one domain's hosts came to on one day, as TLS reports tell it (RFC 8460 §4.2 to §4.4). Plain data, to be kept as JSON. */
import type { ReportedPolicy, TlsFault } from "../tls-policy/tls-result.ts";

export interface FailureDetail {
  readonly fault: TlsFault;
  /** Empty where there was no connection. */
  readonly sendingIp: string;
  /** Empty where no host was spoken to. */
  readonly host: string;
  readonly receivingIp: string;
  /** In words. */
  readonly reason: string;
  readonly sessions: number;
}

/** One policy that was in force; a domain may have several in a day. */
export interface PolicyResults {
  readonly policy: ReportedPolicy;
  /** Lines of an MTA-STS policy, or TLSA records; empty for none. */
  readonly strings: readonly string[];
  /** Names of hosts in an MTA-STS policy. */
  readonly mx: readonly string[];
  readonly successes: number;
  readonly failures: number;
  /** The first `mostDetails` that differ; `failures` counts all. */
  readonly details: readonly FailureDetail[];
}

/** In the order in which they were met. */
export type DayResults = readonly PolicyResults[];

/** What one connection, or one attempt to fetch a policy, came to under one policy. */
export interface SessionResult {
  readonly policy: ReportedPolicy;
  readonly strings: readonly string[];
  readonly mx: readonly string[];
  /** Undefined: success. */
  readonly failure: Omit<FailureDetail, "sessions"> | undefined;
}

export const mostPolicies = 10;
export const mostDetails = 50;
const longestReason = 200;
const mostStrings = 50;
/** Characters of one line or record, and of all of a policy. A policy may have 64 KB, and a domain ten of them a day. */
const longestString = 255;
const mostCharacters = 4_096;

/** Of more policies than `mostPolicies` the last one that is of the same kind takes what belongs to the new one. */
export function withResult(day: DayResults, { policy, strings, mx, failure }: SessionResult): DayResults {
  return merged(day, [
    {
      policy,
      strings: bounded(strings),
      mx: bounded(mx),
      successes: failure === undefined ? 1 : 0,
      failures: failure === undefined ? 0 : 1,
      details:
        failure === undefined
          ? []
          : [{ ...failure, reason: failure.reason.slice(0, longestReason), sessions: 1 }],
    },
  ]);
}

/** A host was spoken to, or left out, for mail of the domain; else only its policy was looked for. */
export const hasSessions = (day: DayResults): boolean =>
  day.some(({ successes, details }) => successes > 0 || details.some(({ host }) => host !== ""));

function bounded(texts: readonly string[]): readonly string[] {
  let characters = 0;
  const short = texts.slice(0, mostStrings).map((text) => text.slice(0, longestString));
  return short.filter(({ length }) => (characters += length) <= mostCharacters);
}

/** Both together. */
export function merged(a: DayResults, b: DayResults): DayResults {
  const all = [...a];
  for (const more of b) {
    const key = keyOf(more);
    let at = all.findIndex((one) => keyOf(one) === key);
    if (at === -1 && all.length >= mostPolicies)
      at = all.findLastIndex(({ policy }) => policy === more.policy);
    const known = all[at];
    if (known === undefined) {
      if (all.length < mostPolicies) all.push(more);
      continue;
    }
    all[at] = {
      ...known,
      successes: known.successes + more.successes,
      failures: known.failures + more.failures,
      details: mergedDetails(known.details, more.details),
    };
  }
  return all;
}

function mergedDetails(a: readonly FailureDetail[], b: readonly FailureDetail[]): readonly FailureDetail[] {
  const all = [...a];
  for (const more of b) {
    const at = all.findIndex((one) => isAlike(one, more));
    const known = all[at];
    if (known !== undefined) all[at] = { ...known, sessions: known.sessions + more.sessions };
    else if (all.length < mostDetails) all.push(more);
  }
  return all;
}

const keyOf = ({ policy, strings }: PolicyResults): string => JSON.stringify([policy, strings]);

const isAlike = (a: FailureDetail, b: FailureDetail): boolean =>
  a.fault === b.fault &&
  a.host === b.host &&
  a.receivingIp === b.receivingIp &&
  a.sendingIp === b.sendingIp &&
  a.reason === b.reason;
