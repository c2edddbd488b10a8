/** What is remembered of one host of a next hop, so that its faults cost once and not for every message. */
import type { SmartHost } from "../../../core/policy/send-connector.ts";
import type { Events } from "../../../events/events.ts";

export type PeerFeature = "CHUNKING" | "PIPELINING";

export interface NextHopHost {
  readonly name: string;
  readonly port: number;
  /** Until then (`Clock.now()`) other hosts are tried first. */
  avoidUntil: number;
  /** Until then opportunistic TLS is not tried: its handshake failed. */
  clearTextUntil: number;
  chunkingBroken: boolean;
  /** A BDAT was answered with 2xx at least once. */
  chunkingProven: boolean;
  pipeliningBroken: boolean;
  /** A pipelined transaction was answered in full at least once. */
  pipeliningProven: boolean;
  /** Sending the next envelope right behind the content is allowed (RFC 2920 §3.1). */
  followOn: boolean;
}

/** How long a host that failed is tried last. */
export const avoidHostMs = 30_000;
/** How long a host whose handshake failed gets clear text. */
export const clearTextMs = 10 * 60_000;

/** Facts on hosts by name and port; share one among carriers so that a queue that comes back keeps them. */
export type HostMemory = Map<string, NextHopHost>;

export function hostIn(memory: HostMemory, { host, port }: SmartHost): NextHopHost {
  const key = `${host}:${port}`;
  let known = memory.get(key);
  if (known === undefined) {
    known = {
      name: host,
      port,
      avoidUntil: 0,
      clearTextUntil: 0,
      chunkingBroken: false,
      chunkingProven: false,
      pipeliningBroken: false,
      pipeliningProven: false,
      followOn: true,
    };
    memory.set(key, known);
  }
  return known;
}

/** Remembers that the host does not keep to an extension it announces, and tells it once. */
export function disableFeature(host: NextHopHost, feature: PeerFeature, error: string, events: Events): void {
  const known = feature === "CHUNKING" ? host.chunkingBroken : host.pipeliningBroken;
  if (known) return;
  if (feature === "CHUNKING") host.chunkingBroken = true;
  else host.pipeliningBroken = true;
  events.emit("PeerFeatureDisabled", { host: host.name, feature, error });
}

/** The order to try: from `start` on, round, those that failed lately last. */
export function hostOrder(hosts: readonly NextHopHost[], start: number, now: number): NextHopHost[] {
  const round = hosts.map((_, position) => hosts[(start + position) % hosts.length] as NextHopHost);
  return [
    ...round.filter((host) => host.avoidUntil <= now),
    ...round.filter((host) => host.avoidUntil > now).sort((a, b) => a.avoidUntil - b.avoidUntil),
  ];
}
