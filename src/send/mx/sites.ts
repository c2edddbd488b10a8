/**
 * The connections of one send connector that delivers by MX record, by site: domains with the same mail exchangers share
 * them, and their limits. A site is there as long as it has connections or mail that waits for one.
 *
 * A connection carries any mail of its site that demands the same of TLS: a site has a pool for each set of demands, mostly one.
 * However many they are, the site's limit holds for all together: they take turns (pool/outbound-connections.ts).
 *
 * With DANE-TA a certificate may be for the recipients' domain instead of the host. Where one was seen that is not for the host,
 * or fits nothing, each domain has a pool of its own for a while; a connection never carries mail of a domain that its
 * certificate is not for, whatever pool it is in (session/client-session.ts).
 */
import { LRUCache } from "lru-cache";
import { inTurn } from "../../core/mx/exchangers.ts";
import type { SecuredHosts } from "../../core/tls-policy/plan-tls.ts";
import type { HostTls } from "../../core/tls-policy/tls-demand.ts";
import { afterSending, paceAllowsAt, paceOf } from "../../core/policy/send-pace.ts";
import { readsReplies, treatReply } from "../../core/policy/reply-policy.ts";
import { longestHoldMs } from "../../core/policy/retry-schedule.ts";
import { resolveJob } from "../delivery/smtp/job/concluding.ts";
import type { Claim } from "../../spool/spool.ts";
import { jobOf, type Job } from "../delivery/smtp/job/job.ts";
import { tlsBySettings, type OpeningContext } from "../delivery/smtp/opening/open-connection.ts";
import type { NextHopHost } from "../delivery/smtp/peer/peer.ts";
import { ConnectionPool } from "../delivery/smtp/pool/connection-pool.ts";
import type { NextHop } from "../delivery/smtp/pool/next-hop.ts";
import type { ReplyReading } from "../delivery/smtp/wire/reply-reading.ts";
import {
  OutboundConnections,
  PlacesOfBoth,
  type ConnectionPlaces,
} from "../delivery/smtp/pool/outbound-connections.ts";
import type { SharedPlaces } from "../delivery/smtp/pool/shared-places.ts";

export interface Sites {
  /** Connections to one site at most. */
  readonly most: number;
  /** Milliseconds until a site may be given another message; 0: it is counted as given now. */
  turnIn(hosts: SecuredHosts): number;
  submit(hosts: SecuredHosts, job: Job): void;
  /** One that waited for a connection, and was given back for its hosts may be others by now. */
  resubmit(hosts: SecuredHosts, job: Job): void;
  /** As ConnectionPool.recall, of all of them. */
  recall(fits: (job: Job) => boolean): boolean;
  /** As Carrier.recallShared. */
  readonly recallClaim: (claim: Claim) => boolean;
  /** As Carrier.close; idempotent. */
  close(graceMs: number): Promise<void>;
}

/** Also for `unlimited`: Exchange's MaxOutboundConnections. */
const mostConnections = 1_000;
/** Sites whose failure, or whose pace, is remembered. */
const mostRemembered = 10_000;
/** How long domains are kept apart whose host's certificate is not for the host. */
const apartMs = 3_600_000;

/** All connections to the same hosts. */
interface Site {
  readonly name: string;
  readonly pools: Set<ConnectionPool>;
  readonly taken: OutboundConnections;
  readonly places: ConnectionPlaces;
  /** Nothing is left of it. */
  readonly release: () => void;
}

/** The pace of a site: when the next message is due by it, and when the last of those that were put off. */
interface Paced {
  dueAt: number;
  putOffUntil: number;
}

/** `shared`: where the limit of a site is that of several nodes. */
export function createSites(
  context: OpeningContext,
  outbound: OutboundConnections,
  shared?: SharedPlaces,
): Sites {
  const { connector, memory, ports, onTls } = context;
  const { clock } = ports;
  const most = Math.max(1, Math.min(connector.maxConcurrentConnections, mostConnections));
  const pools = new Map<string, ConnectionPool>();
  const sites = new Map<string, Site>();
  const leaving = new Set<Promise<void>>();
  const failing = new LRUCache<string, true>({ max: mostRemembered });
  /** By the key of pools: until when each domain has its own. */
  const apart = new LRUCache<string, number>({ max: mostRemembered });
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

  const siteOf = (name: string): Site => {
    const known = sites.get(name);
    if (known !== undefined) return known;
    const hop =
      connector.maxConcurrentConnections === Infinity
        ? undefined
        : shared?.of(`site\n${connector.name}\n${name}`, most);
    const taken = hop?.taken ?? new OutboundConnections(() => most);
    const places = new PlacesOfBoth(taken, outbound, () => {
      hop?.left();
      leave(site);
    });
    const site: Site = { name, pools: new Set(), taken, places, release: () => hop?.release() };
    sites.set(name, site);
    return site;
  };

  /** Connections that are being closed count as long as the peer sees them. */
  const leave = (site: Site): void => {
    if (site.pools.size > 0 || site.taken.open > 0 || sites.get(site.name) !== site) return;
    sites.delete(site.name);
    site.release();
  };

  const hopTo = ({ groups, key, ownKey }: SecuredHosts, unused: () => void): NextHop => {
    const hosts = groups.map((group) =>
      group.map(({ name }) => memory.host({ host: name, port: connector.port })),
    );
    const keepApart = (): void => void apart.set(key, clock.now() + apartMs);
    return {
      hosts: hosts.flat(),
      inOrder: () => inTurn(hosts, ports.random),
      // Until it answers it gets no more than what is needed to see whether it does.
      firstDials: 1,
      standing: () => (failing.has(key) ? "failing" : "new"),
      answered({ onlyFor }) {
        failing.delete(key);
        if (onlyFor !== undefined) keepApart();
      },
      failed({ tlsFault }) {
        failing.set(key, true);
        // For the names of the domain that it was opened for; another's may fit.
        if (ownKey !== undefined && tlsFault === "validation-failure") keepApart();
      },
      unused,
    };
  };

  const forget = (key: string, site: Site): void => {
    const pool = pools.get(key);
    if (pool === undefined) return;
    pools.delete(key);
    site.pools.delete(pool);
    leave(site);
    const gone = pool.close(0).finally(() => leaving.delete(gone));
    leaving.add(gone);
  };

  const poolOf = (hosts: SecuredHosts): ConnectionPool => {
    const { demands, ownKey } = hosts;
    const isApart = ownKey !== undefined && (apart.get(hosts.key) ?? 0) > clock.now();
    const key = isApart ? ownKey : hosts.key;
    let pool = pools.get(key);
    if (pool === undefined) {
      const tlsOf = ({ name }: NextHopHost, job?: Job): HostTls =>
        (job?.demands ?? demands).get(name) ?? tlsBySettings(connector, name);
      const site = siteOf(hosts.site);
      const hop = hopTo(hosts, () => forget(key, site));
      pool = new ConnectionPool({ ...context, tlsOf }, hop, site.places, most, replies);
      pools.set(key, pool);
      site.pools.add(pool);
    }
    return pool;
  };

  const poolFor = (hosts: SecuredHosts, job: Job): ConnectionPool | undefined => {
    if (closing !== undefined) {
      resolveJob(job, "aborted", "");
      return undefined;
    }
    // A pool's jobs demand the same; which policies are watched for reports is each domain's own, and so are its names.
    job.demands = onTls !== undefined || hosts.ownKey !== undefined ? hosts.demands : undefined;
    job.mostAsked = connector.mxSessionLimit;
    return poolOf(hosts);
  };

  const recall = (fits: (job: Job) => boolean): boolean =>
    Array.from(pools.values(), (pool) => pool.recall(fits)).includes(true);

  return {
    most,
    recall,
    recallClaim: (claim) => recall(jobOf(claim)),
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
      poolFor(hosts, job)?.submit(job);
    },
    resubmit(hosts, job) {
      poolFor(hosts, job)?.resubmit(job);
    },
    close(graceMs) {
      closing ??= Promise.all([
        ...leaving,
        ...Array.from(pools.values(), (pool) => pool.close(graceMs)),
      ]).then(() => {
        for (const site of sites.values()) site.release();
      });
      return closing;
    },
  };
}
