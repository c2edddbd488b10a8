/** What this machine is set up with: the servers to ask, and where names without a dot are looked for. */
import { getServers } from "node:dns";
import { readFileSync, statSync } from "node:fs";
import { parseNameServer, parseResolverFile, type NameServer, type ResolverFile } from "./name-server.ts";

const path = "/etc/resolv.conf";
/** RFC 1035 has none; resolv.conf(5): the one on this machine. */
const ownMachine: NameServer = { address: "127.0.0.1", port: 53, trusted: true };

export interface ResolverSettings extends Pick<ResolverFile, "search" | "dots"> {
  /** At least one. */
  readonly servers: readonly NameServer[];
}

/** Read again when the file changes. On systems without one, the servers that Node knows. Cost: a stat. Never throws. */
export function followResolverFile(): () => ResolverSettings {
  let known: ResolverSettings = fromNode();
  let readAt = Number.NaN;
  return () => {
    try {
      const { mtimeMs } = statSync(path);
      if (mtimeMs !== readAt) {
        const { servers, search, dots } = parseResolverFile(readFileSync(path, "utf8"));
        known = { servers: atLeastOne(servers), search, dots };
        readAt = mtimeMs;
      }
    } catch {
      known = fromNode();
      readAt = Number.NaN;
    }
    return known;
  };
}

/** The servers alone. */
export function systemNameServers(): () => readonly NameServer[] {
  const file = followResolverFile();
  return () => file().servers;
}

function fromNode(): ResolverSettings {
  return { servers: atLeastOne(getServers()), search: [], dots: 1 };
}

function atLeastOne(texts: readonly string[]): readonly NameServer[] {
  const servers = texts.flatMap((text) => parseNameServer(text) ?? []);
  return servers.length === 0 ? [ownMachine] : servers;
}
