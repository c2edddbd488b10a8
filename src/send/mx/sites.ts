/**
 * The connections of one send connector that delivers by MX record, by site: domains with the same mail exchangers share
 * them, and their limits. A site is there as long as it has connections or mail that waits for one.
 *
 * A connection carries any mail of its site that demands the same of TLS: a site has a pool for each set of demands, mostly one.
 * They divide its limit, one connection each at least.
 */
import { LRUCache } from "lru-cache";
import { inTurn } from "../../core/mx/host-plan.ts";
import type { SecuredHosts } from "../../core/tls-policy/plan-tls.ts";
import type { HostTls } from "../../core/tls-policy/tls-demand.ts";
import { afterSending, paceAllowsAt, paceOf } from "../../core/policy/send-pace.ts";
import { readsReplies, treatReply } from "../../core/policy/reply-policy.ts";
import { longestHoldMs } from "../../core/policy/retry-schedule.ts";
import { resolveJob } from "../delivery/smtp/job/concluding.ts";
import type { Job } from "../delivery/smtp/job/job.ts";
import { tlsBySettings, type OpeningContext } from "../delivery/smtp/opening/open-connection.ts";
import type { NextHopHost } from "../delivery/smtp/peer/peer.ts";
import { ConnectionPool } from "../delivery/smtp/pool/connection-pool.ts";
import type { NextHop } from "../delivery/smtp/pool/next-hop.ts";
import type { ReplyReading } from "../delivery/smtp/wire/reply-reading.ts";
import type { OutboundConnections } from "../delivery/smtp/pool/outbound-connections.ts";

export interface Sites {
  /** Connections to one site at most. */
  readonly most: number;
  /** Milliseconds until a site may be given another message; 0: it is counted as given now. */
  turnIn(hosts: SecuredHosts): number;
  submit(hosts: SecuredHosts, job: Job): void;
  /** As Carrier.close; idempotent. */
  close(graceMs: number): Promise<void>;
}

/** Also for `unlimited`: Exchange's MaxOutboundConnections. */
const mostConnections = 1_000;
/** Sites whose failure, or whose pace, is remembered. */
const mostRemembered = 10_000;

/** The pace of a site: when the next message is due by it, and when the last of those that were put off. */
interface Paced {
  dueAt: number;
  putOffUntil: number;
}

export function createSites(context: OpeningContext, outbound: OutboundConnections): Sites {
  const { connector, memory, ports, onTls } = context;
  const { clock } = ports;
  const most = Math.max(1, Math.min(connector.maxConcurrentConnections, mostConnections));
  const pools = new Map<string, ConnectionPool>();
  const atSite = new Map<string, Set<ConnectionPool>>();
  const leaving = new Set<Promise<void>>();
  const failing = new LRUCache<string, true>({ max: mostRemembered });
  const paced = new LRUCache<string, Paced>({ max: mostRemembered });
  const pace =
    connector.siteMessageRateLimit === Infinity ? undefined : paceOf(connector.siteMessageRateLimit);
  /** Exchange's errorPolicies; nobody is logged on as, so no sender's mail is held back. */
  const replies: ReplyReading | undefined = readsReplies(connector)
    ? {
        treat: (step, reply) => treatReply(connector, step, reply),
        apply: () => 0,
        naming: (verdict) => verdict,
        delivered: () => {},
      }
    : undefined;
  let closing: Promise<void> | undefined;

  const hopTo = ({ groups, key, site }: SecuredHosts): NextHop => {
    const hosts = groups.map((group) =>
      group.map(({ name }) => memory.host({ host: name, port: connector.port })),
    );
    return {
      hosts: hosts.flat(),
      inOrder: () => inTurn(hosts, ports.random),
      // Until it answers it gets no more than what is needed to see whether it does.
      firstDials: 1,
      standing: () => (failing.has(key) ? "failing" : "new"),
      answered: () => void failing.delete(key),
      failed: () => void failing.set(key, true),
      hasRoom: () => roomAt(site),
      left: () => wake(key, site),
      unused: () => forget(key, site),
    };
  };

  const forget = (key: string, site: string): void => {
    const pool = pools.get(key);
    if (pool === undefined) return;
    pools.delete(key);
    const others = atSite.get(site);
    others?.delete(pool);
    if (others?.size === 0) atSite.delete(site);
    else share(others);
    const gone = pool.close(0).finally(() => leaving.delete(gone));
    leaving.add(gone);
  };

  const roomAt = (site: string): boolean => {
    const all = atSite.get(site);
    if (all === undefined || all.size < 2) return true;
    let held = 0;
    for (const pool of all) held += pool.held;
    return held < Math.max(most, all.size);
  };

  const wake = (key: string, site: string): void => {
    const all = atSite.get(site);
    if (all === undefined || all.size < 2) return;
    const own = pools.get(key);
    for (const pool of all) if (pool !== own) pool.placeFreed();
  };

  /** The limit is the site's, whatever its domains demand of TLS. */
  const share = (all: ReadonlySet<ConnectionPool> = new Set()): void => {
    for (const pool of all) pool.allow(Math.max(1, Math.floor(most / all.size)));
  };

  const poolOf = (hosts: SecuredHosts): ConnectionPool => {
    const { demands, key, site } = hosts;
    let pool = pools.get(key);
    if (pool === undefined) {
      const tlsOf = ({ name }: NextHopHost, job?: Job): HostTls =>
        (job?.demands ?? demands).get(name) ?? tlsBySettings(connector, name);
      pool = new ConnectionPool({ ...context, tlsOf }, hopTo(hosts), outbound, most, replies);
      pools.set(key, pool);
      const all = atSite.get(site) ?? new Set();
      atSite.set(site, all.add(pool));
      if (all.size > 1) share(all);
    }
    return pool;
  };

  return {
    most,
    turnIn({ site }) {
      if (pace === undefined) return 0;
      const now = clock.now();
      let known = paced.get(site);
      if (known === undefined) paced.set(site, (known = { dueAt: 0, putOffUntil: 0 }));
      const allowedAt = paceAllowsAt(known.dueAt, pace);
      if (allowedAt <= now) {
        known.dueAt = afterSending(known.dueAt, now, pace);
        return 0;
      }
      // One behind the other, or all would come back for the same place.
      known.putOffUntil = Math.max(known.putOffUntil + pace.intervalMs, allowedAt);
      if (known.putOffUntil > now + longestHoldMs) known.putOffUntil = allowedAt;
      return known.putOffUntil - now;
    },
    submit(hosts, job) {
      if (closing === undefined) {
        // A pool's jobs demand the same; which policies are watched for reports is each domain's own.
        if (onTls !== undefined) job.demands = hosts.demands;
        poolOf(hosts).submit(job);
      } else resolveJob(job, "aborted", "");
    },
    close(graceMs) {
      closing ??= Promise.all([
        ...leaving,
        ...Array.from(pools.values(), (pool) => pool.close(graceMs)),
      ]).then(() => undefined);
      return closing;
    },
  };
}
