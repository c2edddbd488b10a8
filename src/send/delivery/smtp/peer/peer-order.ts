/** In what order the addresses of a next hop are tried. Pure. */
import type { NextHopHost, Peer } from "./peer.ts";

/** Of one name no more addresses are tried for one connection; both families are among them. */
export const mostAddressesPerHost = 8;
/** Addresses of one smart host asked for the same message in one attempt (RFC 5321 §5.1: at least two). */
export const mostAskedPerHost = 2;

/** From `start` on, round: hosts share the load. */
export function hostsInTurn(hosts: readonly NextHopHost[], start: number): NextHopHost[] {
  return hosts.map((_, position) => hosts[(start + position) % hosts.length] as NextHopHost);
}

/**
 * Hosts as given, of each its addresses in the order of DNS with the families in turn (RFC 8305 §4). Those that
 * failed lately come last, the one whose time ends first before the others; those that `suits` denies come last of all.
 */
export function peersInOrder(
  hosts: readonly (readonly Peer[])[],
  now: number,
  suits: (peer: Peer) => boolean = () => true,
): Peer[] {
  const order: Peer[] = [];
  for (const peers of hosts) {
    const some = familiesInTurn(peers);
    // Those that failed lately must not use up the places of the others.
    const fine = longestUntried(
      some.filter((peer) => peer.avoidUntil <= now),
      mostAddressesPerHost,
    );
    const failed = some.filter((peer) => peer.avoidUntil > now).sort((a, b) => a.avoidUntil - b.avoidUntil);
    order.push(...fine.concat(failed).slice(0, mostAddressesPerHost));
  }
  const rank = (peer: Peer): number => (suits(peer) ? 0 : 2) + (peer.avoidUntil > now ? 1 : 0);
  return order.sort(
    (a, b) =>
      rank(a) - rank(b) || (a.avoidUntil > now && b.avoidUntil > now ? a.avoidUntil - b.avoidUntil : 0),
  );
}

/**
 * As many as there are places for: those that never failed, then those whose failure is longest ago, lest a host with many
 * addresses be known for ever by its first ones. In the order given.
 */
export function longestUntried(fine: readonly Peer[], most: number): readonly Peer[] {
  if (fine.length <= most) return fine;
  const chosen = new Set(fine.toSorted((a, b) => a.avoidUntil - b.avoidUntil).slice(0, most));
  return fine.filter((peer) => chosen.has(peer));
}

function familiesInTurn(peers: readonly Peer[]): Peer[] {
  const first = peers[0];
  if (first === undefined) return [];
  const one = peers.filter((peer) => familyOf(peer) === familyOf(first));
  const other = peers.filter((peer) => familyOf(peer) !== familyOf(first));
  const turns: Peer[] = [];
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    for (const family of [one, other]) {
      const peer = family[at];
      if (peer !== undefined) turns.push(peer);
    }
  }
  return turns;
}

/** Whether a message that `asked` have put off, or could not take, may be given to `peer` in the same attempt. */
export function mayAsk(asked: readonly Peer[], peer: Peer): boolean {
  let sameHost = 0;
  for (const each of asked) {
    if (each === peer) return false;
    if (each.host === peer.host) sameHost++;
  }
  return sameHost < mostAskedPerHost;
}

export const familyOf = ({ address }: Peer): 4 | 6 => (address.includes(":") ? 6 : 4);
