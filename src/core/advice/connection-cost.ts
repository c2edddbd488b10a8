/**
 * What an open connection costs in memory: 7,000 octets were measured between the 500th and the 3,000th client in clear text that had
 * handed in a message and stayed, on a relay of this build (resident memory); with what the first of them cost, 20,000
 * are reckoned with. TLS takes more.
 */
export const memoryBytesPerConnection = 20_000;

/** If so many were open. Null: there is no such number. */
export function connectionCost(
  connections: number,
): { readonly descriptors: number; readonly memoryBytes: number } | null {
  if (!Number.isFinite(connections)) return null;
  return { descriptors: connections, memoryBytes: connections * memoryBytesPerConnection };
}
