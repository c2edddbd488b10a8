/**
 * What is remembered of next hops, so that a fault costs once and not for every message. A smart host is a name and a
 * port (`NextHopHost`); a peer is one address of it. Everything learned has an end; instants are `Clock.now()`.
 *
 * | of a peer (address)                         | for how long                           |
 * | ------------------------------------------- | -------------------------------------- |
 * | refused, closed, or said 4xx at the door    | tried last for `avoidRefusedMs`        |
 * | hung                                        | tried last for `avoidHungMs`           |
 * | TLS fails, and is not required              | clear text for `clearTextMs`           |
 * | breaks BDAT, PIPELINING, or following on    | not used for `quirkMs`                 |
 * | what it offered in its last answer to EHLO  | until it answers again                 |
 * | how soon it answered the last content       | until it answers another               |
 *
 * | of a host (name)                            |                                        |
 * | ------------------------------------------- | -------------------------------------- |
 * | recipients it takes in one transaction      | kept below for `recipientLimitMs`      |
 * | messages it takes on one connection         | kept below for `messageLimitMs`        |
 */
import { LRUCache } from "lru-cache";
import type { SmartHost } from "../../../../core/policy/send-connector.ts";
import type { Capabilities } from "../wire/ehlo-capabilities.ts";

export const avoidRefusedMs = 30_000;
export const avoidHungMs = 10 * 60_000;
export const clearTextMs = 10 * 60_000;
export const quirkMs = 24 * 3_600_000;
export const recipientLimitMs = 24 * 3_600_000;
export const messageLimitMs = 3_600_000;

/** A limit the host was seen to have. */
export interface LearnedLimit {
  readonly most: number;
  readonly until: number;
}

/** A smart host. */
export interface NextHopHost {
  readonly name: string;
  readonly port: number;
  /** As last resolved; undefined before. */
  peers: readonly Peer[] | undefined;
  recipientsPerTransaction: LearnedLimit | undefined;
  messagesPerConnection: LearnedLimit | undefined;
}

/** One address of a smart host. */
export interface Peer {
  readonly host: NextHopHost;
  readonly address: string;
  /** Until then others are tried first. */
  avoidUntil: number;
  /** Until then opportunistic TLS is not tried. */
  clearTextUntil: number;
  /** TLS is suspected: what happened. Undefined again once clear text has worked, or has failed in the same way. */
  tlsSuspicion: string | undefined;
  /** A command within TLS was answered not long before then. */
  tlsProvenUntil: number;
  noChunkingUntil: number;
  /** A BDAT was answered with 2xx at least once. */
  chunkingProven: boolean;
  noPipeliningUntil: number;
  /** A pipelined transaction was answered in full at least once. */
  pipeliningProven: boolean;
  /**
   * Until then no envelope is sent right behind another's content (RFC 2920 §3.1 allows it).
   */
  noFollowingUntil: number;
  /** It answered the last content soon enough for another's envelope to go right behind. */
  quick: boolean;
  capabilities: Capabilities | undefined;
}

/** Shared by all carriers, so that what is known outlives each of them. Bounded: the longest unused is forgotten. */
export interface PeerMemory {
  host(of: SmartHost): NextHopHost;
  peer(host: NextHopHost, address: string): Peer;
}

const mostHosts = 10_000;
const mostPeers = 10_000;

export function createPeerMemory(): PeerMemory {
  const hosts = new LRUCache<string, NextHopHost>({ max: mostHosts });
  const peers = new LRUCache<string, Peer>({ max: mostPeers });
  return {
    host({ host: name, port }) {
      const key = `${name}:${port}`;
      let known = hosts.get(key);
      if (known === undefined) {
        known = {
          name,
          port,
          peers: undefined,
          recipientsPerTransaction: undefined,
          messagesPerConnection: undefined,
        };
        hosts.set(key, known);
      }
      return known;
    },
    peer(host, address) {
      const key = `${host.name}:${host.port} ${address}`;
      let known = peers.get(key);
      if (known === undefined || known.host !== host) {
        known = newPeer(host, address);
        peers.set(key, known);
      }
      return known;
    },
  };
}

function newPeer(host: NextHopHost, address: string): Peer {
  return {
    host,
    address,
    avoidUntil: 0,
    clearTextUntil: 0,
    tlsSuspicion: undefined,
    tlsProvenUntil: 0,
    noChunkingUntil: 0,
    chunkingProven: false,
    noPipeliningUntil: 0,
    pipeliningProven: false,
    noFollowingUntil: 0,
    quick: false,
    capabilities: undefined,
  };
}

/** `192.0.2.1:25`, `[2001:db8::1]:25`. */
export function endpointOf({ address, host }: Peer): string {
  return address.includes(":") ? `[${address}]:${host.port}` : `${address}:${host.port}`;
}

/** The learned limit while it holds, else Infinity. */
export function stillHolds(limit: LearnedLimit | undefined, now: number): number {
  return limit !== undefined && now < limit.until ? limit.most : Infinity;
}
