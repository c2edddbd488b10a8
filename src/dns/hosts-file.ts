/** The machine's own table of names, hosts(5): it comes before DNS, as it does for every other program. */
import { isIP } from "node:net";
import { readFileSync, statSync } from "node:fs";

export const hostsFile: string =
  process.platform === "win32"
    ? `${process.env["SystemRoot"] ?? String.raw`C:\Windows`}\\System32\\drivers\\etc\\hosts`
    : "/etc/hosts";

/** Names in lower case, each with its addresses in the order of the file. Lines that are not understood are passed over. */
export function parseHostsFile(text: string): ReadonlyMap<string, readonly string[]> {
  const table = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/u)) {
    const [address = "", ...names] = line.replace(/#.*/u, "").trim().split(/\s+/u);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const known = table.get(key);
      if (known === undefined) table.set(key, [address]);
      else if (!known.includes(address)) known.push(address);
    }
  }
  return table;
}

/** Read again when it changes. Cost: a stat. Never throws: what cannot be read has no names. */
export function followHostsFile(file: string = hostsFile): (name: string) => readonly string[] | undefined {
  let table: ReadonlyMap<string, readonly string[]> = new Map();
  let readAt = Number.NaN;
  return (name) => {
    try {
      const { mtimeMs } = statSync(file);
      if (mtimeMs !== readAt) {
        table = parseHostsFile(readFileSync(file, "utf8"));
        readAt = mtimeMs;
      }
    } catch {
      table = new Map();
      readAt = Number.NaN;
    }
    return table.get(name);
  };
}
