/** From the name of a host to its addresses. */
import { isIP } from "node:net";
import type { NextHopHost, Peer } from "../peer/peer.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import { failureWords } from "../wire/failure-words.ts";
import { timeouts } from "../wire/timeouts.ts";
import type { OpeningContext } from "./open-connection.ts";
import { withDeadline } from "./with-deadline.ts";

/** The addresses of a host, remembered with it. Rejects with SmtpClientError (`resolve`, `timeout`). */
export async function resolvePeers(
  host: NextHopHost,
  { ports, memory, connector, addresses: resolve = (name) => ports.dns.addresses(name) }: OpeningContext,
  signal: AbortSignal,
): Promise<readonly Peer[]> {
  let addresses: readonly string[];
  try {
    addresses = await withDeadline(ports, timeouts.resolveMs, signal, `resolving ${host.name}`, () =>
      resolve(host.name),
    );
  } catch (error) {
    if (error instanceof SmtpClientError) throw error;
    throw new SmtpClientError("resolve", `cannot resolve ${host.name}: ${failureWords(error)}`, {
      cause: error,
    });
  }
  if (addresses.length === 0) throw new SmtpClientError("resolve", `${host.name} has no address`);
  host.peers = addresses.map((address) => memory.peer(host, address));
  const { sourceIpAddress } = connector;
  if (sourceIpAddress === undefined) return host.peers;
  const reachable = host.peers.filter(({ address }) => isIP(address) === isIP(sourceIpAddress));
  if (reachable.length > 0) return reachable;
  throw new SmtpClientError(
    "connect",
    `${host.name} has no address of the family of sourceIpAddress ${sourceIpAddress}`,
  );
}
