/** The servers that this machine is set up to ask. */
import { getServers } from "node:dns";
import { readFileSync, statSync } from "node:fs";
import { parseNameServer, parseResolverFile, type NameServer } from "./name-server.ts";

const file = "/etc/resolv.conf";
/** RFC 1035 has none; resolv.conf(5): the one on this machine. */
const ownMachine: NameServer = { address: "127.0.0.1", port: 53, trusted: true };

/** Read again when the file changes. On systems without one, those that Node knows. Cost: a stat. Never throws. */
export function systemNameServers(): () => readonly NameServer[] {
  let known: readonly NameServer[] = [];
  let readAt = Number.NaN;
  return () => {
    try {
      const { mtimeMs } = statSync(file);
      if (mtimeMs !== readAt) {
        known = parseResolverFile(readFileSync(file, "utf8")).servers.flatMap(
          (text) => parseNameServer(text) ?? [],
        );
        readAt = mtimeMs;
      }
    } catch {
      known = getServers().flatMap((text) => parseNameServer(text) ?? []);
      readAt = Number.NaN;
    }
    return known.length === 0 ? [ownMachine] : known;
  };
}
