/** Who listens on a port of this machine, where the system tells: Linux, by /proc. */
import { readdir, readFile, readlink } from "node:fs/promises";

/** `nginx, process 77`; undefined where it cannot be known. Never rejects. Cost: a look at each process; for faults only. */
export async function portHolder(port: number, proc = "/proc"): Promise<string | undefined> {
  try {
    const tables = await Promise.all(
      ["tcp", "tcp6"].map((name) => readFile(`${proc}/net/${name}`, "latin1").catch(() => "")),
    );
    const sockets = new Set(tables.flatMap((table) => listeningInodes(table, port)).map(socketName));
    if (sockets.size === 0) return undefined;
    for (const process of await readdir(proc)) {
      if (!/^\d+$/.test(process) || !(await holdsOne(`${proc}/${process}/fd`, sockets))) continue;
      const name = (await readFile(`${proc}/${process}/comm`, "utf8").catch(() => "")).trim();
      return name === "" ? `process ${process}` : `${name}, process ${process}`;
    }
  } catch {
    // No such system.
  }
  return undefined;
}

const listening = "0A";

/** Of a table in the form of /proc/net/tcp: the sockets that listen on `port`, by inode. */
export function listeningInodes(table: string, port: number): readonly string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === listening && local.endsWith(`:${wanted}`) && inode !== undefined ? [inode] : [];
  });
}

function socketName(inode: string): string {
  return `socket:[${inode}]`;
}

/** Processes of others cannot be looked into without being root. */
async function holdsOne(folder: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(folder).catch(() => []);
  for (const descriptor of descriptors) {
    const target = await readlink(`${folder}/${descriptor}`).catch(() => "");
    if (sockets.has(target)) return true;
  }
  return false;
}
