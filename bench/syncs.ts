/** How often a server has the disk flush, counted by strace from its start on. */
import { readFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../src/testing/free-port.ts";
import { measure } from "./load.ts";
import { loadOf } from "./loads.ts";
import type { PeerKind } from "./peers/peer.ts";

const calls = ["fdatasync", "fsync", "msync", "sync_file_range"] as const;
/** Weir's journal is written through a descriptor with O_DSYNC: each of its writes is a flush. */
const journalWrite = /^\d+\s+pwrite64\(\d+<[^>]*\/journal\/[01]>/;
const journalWrites = "pwrite64 with O_DSYNC";

export interface Syncs {
  readonly messages: number;
  /** By name of the system call; only those that were made. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Those of start and stop are in it: a few. strace stops the server for these calls only, but slows it in doing so;
 * more messages then share a flush of Weir than at full speed. For Linux 5.3 and later (`--seccomp-bpf`).
 */
export async function countSyncs(kind: PeerKind, messages: number, folder: string): Promise<Syncs> {
  const directory = join(folder, `syncs-${kind.name}`);
  mkdirSync(directory, { recursive: true });
  const file = join(folder, `syncs-${kind.name}.txt`);
  const sinkPort = await freePort();
  const trace = `trace=${calls.join(",")},pwrite64`;
  const under = ["strace", "-f", "--seccomp-bpf", "-y", "-s", "0", "-o", file, "-e", trace];
  const load = { ...loadOf("reuse", messages), ownClient: true };
  const peer = await kind.start({ directory, sinkPort, under });
  try {
    await measure(peer, sinkPort, load);
  } finally {
    await peer.stop();
  }
  return { messages: load.messages, counts: countsIn(readFileSync(file, "utf8")) };
}

/** From strace's log: a process, a call, the file of its descriptor. */
export function countsIn(log: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const line of log.split("\n")) {
    const called = calls.find((name) => line.includes(` ${name}(`));
    const name = called ?? (journalWrite.test(line) ? journalWrites : undefined);
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
