/**
 * MTA-STS policies of recipient domains (RFC 8461): found by DNS, fetched over HTTPS, kept, and looked at anew before they end.
 * Whoever asks for one domain waits for no other, but where hundreds are fetched at once.
 */
import { LRUCache } from "lru-cache";
import {
  isDueForRefresh,
  isInForce,
  kept,
  type KeptPolicy,
  pauseAfter,
  policyStep,
} from "../../core/mta-sts/kept-policy.ts";
import { readPolicyRecord, type PolicyRecord } from "../../core/mta-sts/policy-record.ts";
import { isUnknown, type Resolver } from "../../ports/lookup.ts";
import type { Clock } from "../../ports/ports.ts";
import { createTurns } from "../../ports/turns.ts";
import type { FetchedPolicy, FetchPolicy, PolicyFailure } from "./fetch-policy.ts";
import type { PolicyStore } from "./policy-store.ts";

export interface FoundPolicy {
  /**
   * `policy`: in force, mode enforce or testing; `none`; `unknown`: there may be one, and it cannot be had, so that mail goes
   * as without.
   */
  readonly kind: "policy" | "none" | "unknown";
  /** Of kind `policy`. */
  readonly policy: KeptPolicy | undefined;
  /** Why there is none, or how what is kept could not be looked at anew; in words, empty where nothing is to be said. */
  readonly reason: string;
  /** Milliseconds for which this holds. */
  readonly keepMs: number;
}

export interface MtaStsPolicies {
  /**
   * `domain`: lower case, A-labels. Never rejects. Cost: what is kept costs a question to the resolver's cache; a domain that
   * was not met before a fetch, up to a minute.
   */
  of(domain: string): Promise<FoundPolicy>;
  /** The one that is kept, as far as it is in memory; it may have ended. Cost: a look-up. */
  peek(domain: string): KeptPolicy | undefined;
  /** The same as `of`, and the policy is fetched anew first, whatever is kept. */
  refreshed(domain: string): Promise<FoundPolicy>;
  /** What DNS said, and that a fetch failed. A policy in force stays. */
  forget(domain: string): void;
  /** Fetches those that would end, and keeps those on disk right by the clock; once an hour is often enough. Never rejects. */
  keepFresh(): Promise<void>;
  close(): Promise<void>;
}

/**
 * One fetch for all nodes: waits where another one fetches the domain's, and calls `fetch` where none does and none has a
 * policy that is `wanted`.
 */
export type SharedFetch = (
  domain: string,
  wanted: (theirs: KeptPolicy) => boolean,
  fetch: () => Promise<FetchedPolicy>,
) => Promise<FetchedPolicy>;

export interface PoliciesContext {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly store: PolicyStore;
  readonly fetch: FetchPolicy;
  /** Where there are several nodes. */
  readonly sharedFetch?: SharedFetch | undefined;
  /** What a fetch came to that brought no policy. */
  readonly onFailure: (domain: string, result: PolicyFailure, reason: string) => void;
  /** A policy that is new, or another than before. */
  readonly onPolicy: (domain: string, now: KeptPolicy, before: KeptPolicy | undefined) => void;
}

interface Looked {
  /** Undefined: nobody knows. */
  readonly record: PolicyRecord | undefined;
  readonly id: string | undefined;
  readonly reason: string;
  readonly keepMs: number;
}

interface Failing {
  readonly times: number;
  readonly until: number;
  readonly reason: string;
}

const mostRemembered = 10_000;
/** Policies that nobody asked for in this time may end. */
const inUseMs = 30 * 86_400_000;
/** Each has a connection within TLS, and some hosts take their minute. */
const fetchesAtOnce = 256;
/** Fetches that nobody waits for, at once. */
const refreshesAtOnce = 4;

export function createMtaStsPolicies(context: PoliciesContext): MtaStsPolicies {
  const { resolver, clock, store, fetch, sharedFetch, onFailure, onPolicy } = context;
  const fetching = new Map<string, Promise<FetchedPolicy>>();
  const failing = new LRUCache<string, Failing>({ max: mostRemembered });
  /** When each domain with a policy was last asked for. */
  const used = new LRUCache<string, number>({ max: mostRemembered });
  const turn = createTurns(fetchesAtOnce);
  let isClosed = false;

  /** One at a time for a domain; the outcome is kept for all who wait. `isAsked`: somebody wants it anew. */
  const fetchFor = (domain: string, id: string | undefined, isAsked = false): Promise<FetchedPolicy> => {
    const running = fetching.get(domain);
    if (running !== undefined) return running;
    const task = (async () => {
      const before = await store.get(domain);
      const own = (): Promise<FetchedPolicy> => fetchNow(domain, id, before);
      const isNewer = ({ id: theirs, fetchedAt, until }: KeptPolicy): boolean =>
        (id === undefined || theirs === id) && fetchedAt > newerThan && clock.now() < until;
      const newerThan = isAsked ? clock.now() : (before?.fetchedAt ?? -Infinity);
      return (sharedFetch === undefined ? own() : sharedFetch(domain, isNewer, own)).finally(() =>
        fetching.delete(domain),
      );
    })();
    fetching.set(domain, task);
    return task;
  };

  const fetchNow = async (
    domain: string,
    id: string | undefined,
    before: KeptPolicy | undefined,
  ): Promise<FetchedPolicy> => {
    const fetched = await turn(() => fetch(domain));
    if (isClosed) return fetched;
    if (fetched.kind === "policy") {
      failing.delete(domain);
      const now = kept(fetched.policy, id ?? before?.id, clock.now());
      store.set(domain, now);
      if (before === undefined || !isSame(before, now)) onPolicy(domain, now, before);
    } else {
      const times = (failing.get(domain)?.times ?? 0) + 1;
      failing.set(domain, { times, until: clock.now() + pauseAfter(times), reason: fetched.reason });
      onFailure(domain, fetched.result, fetched.reason);
    }
    return fetched;
  };

  const pausedBy = (domain: string): Failing | undefined => {
    const known = failing.get(domain);
    return known !== undefined && clock.now() < known.until ? known : undefined;
  };

  /** What holds now, by what is kept. */
  const found = async (domain: string, keepMs: number, failure: string | undefined): Promise<FoundPolicy> => {
    const now = clock.now();
    const known = await store.get(domain);
    if (isInForce(known, now)) {
      const left = Math.min(keepMs, known.until - now);
      return { kind: "policy", policy: known, reason: failure ?? "", keepMs: left };
    }
    if (failure === undefined) return { kind: "none", policy: undefined, reason: saysNone, keepMs };
    const pause = pausedBy(domain);
    const left = pause === undefined ? keepMs : Math.min(keepMs, pause.until - now);
    return { kind: "unknown", policy: undefined, reason: failure, keepMs: left };
  };

  const fetchedFor = async (
    domain: string,
    { id, keepMs }: Looked,
    isAsked = false,
  ): Promise<FoundPolicy> => {
    const paused = pausedBy(domain);
    if (paused !== undefined) return found(domain, keepMs, paused.reason);
    const outcome = await fetchFor(domain, id, isAsked);
    return found(domain, keepMs, outcome.kind === "failed" ? outcome.reason : undefined);
  };

  const look = async (domain: string): Promise<Looked> => {
    const lookup = await resolver.lookUp(`_mta-sts.${domain}`, "TXT");
    const { keepMs } = lookup;
    if (isUnknown(lookup) && lookup.kind !== "invalid-name")
      return { record: undefined, id: undefined, reason: lookup.detail, keepMs };
    const record = readPolicyRecord(lookup.kind === "found" ? lookup.records : []);
    return record.kind === "record"
      ? { record, id: record.id, reason: "", keepMs }
      : { record, id: undefined, reason: record.reason, keepMs };
  };

  return {
    async of(domain) {
      const [known, looked] = await Promise.all([store.get(domain), look(domain)]);
      if (known !== undefined) used.set(domain, clock.now());
      switch (policyStep(known, looked.record, clock.now())) {
        case "fetch":
          return fetchedFor(domain, looked);
        case "refresh":
          if (pausedBy(domain) === undefined) void fetchFor(domain, looked.id);
          return found(domain, looked.keepMs, undefined);
        case "keep":
          return found(domain, looked.keepMs, undefined);
        case "none": {
          const { keepMs, record } = looked;
          if (known !== undefined) return { kind: "none", policy: undefined, reason: saysNone, keepMs };
          const kind = record === undefined ? "unknown" : "none";
          return { kind, policy: undefined, reason: looked.reason, keepMs };
        }
      }
    },
    peek: (domain) => store.peek(domain),
    async refreshed(domain) {
      this.forget(domain);
      const [known, looked] = await Promise.all([store.get(domain), look(domain)]);
      if (looked.id === undefined && known === undefined) return this.of(domain);
      return fetchedFor(domain, looked, true);
    },
    forget(domain) {
      failing.delete(domain);
      resolver.forget(`_mta-sts.${domain}`);
    },
    async keepFresh() {
      await store.settle();
      const now = clock.now();
      const waiting = Array.from(used.entries()).filter(([, at]) => now - at < inUseMs);
      const worker = async (): Promise<void> => {
        for (let next = waiting.pop(); next !== undefined && !isClosed; next = waiting.pop()) {
          const known = await store.get(next[0]);
          if (known !== undefined && isDueForRefresh(known, now) && pausedBy(next[0]) === undefined)
            await fetchFor(next[0], undefined);
        }
      };
      await Promise.all(Array.from({ length: refreshesAtOnce }, worker));
    },
    close() {
      isClosed = true;
      return store.close();
    },
  };
}

const saysNone = "its policy says that it has none";

const isSame = (one: KeptPolicy, other: KeptPolicy): boolean =>
  one.policy.lines.join("\n") === other.policy.lines.join("\n");
