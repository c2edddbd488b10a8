/** How many connections each source has open at each connector: one count, whichever door they came by. */
import type { LedgerEntry } from "./admission/ledger.ts";
import type { HttpConnection } from "./http/http-connection.ts";

export function openBySource(
  bySmtp: readonly LedgerEntry[],
  byHttp: readonly Pick<HttpConnection, "client">[],
): readonly LedgerEntry[] {
  if (byHttp.length === 0) return bySmtp;
  const counts = new Map(bySmtp.map((entry) => [`${entry.source} ${entry.connector}`, entry]));
  for (const { client } of byHttp) {
    const { source, connector } = client;
    const key = `${source} ${connector.name}`;
    const open = (counts.get(key)?.open ?? 0) + 1;
    counts.set(key, { connector: connector.name, source, open });
  }
  return [...counts.values()];
}
