/** Connections of a listener that are open at one moment, by the kernel's list. */
import { readFileSync } from "node:fs";

/**
 * How many there are at once for certain. With thousands of connections on a machine the list takes up to 100 ms to read, and is none of one moment: one that
 * goes and the one that comes for it both stand in it, and one may stand there several times. What stands in two was open between them.
 */
export function openAtOnce(port: number): number {
  const list = (): string => readFileSync("/proc/net/tcp", "latin1");
  return inBoth(list(), list(), port);
}

/** Pure. One whose other end is closed does not count, though the listener's process has not heard of it yet. */
export function inBoth(before: string, after: string, port: number): number {
  const first = established(before, port);
  let count = 0;
  for (const peer of established(after, port)) if (first.has(peer)) count++;
  return count;
}

/** By their other ends. */
function established(list: string, port: number): ReadonlySet<string> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const peers = new Set<string>();
  for (const line of list.split("\n")) {
    const [, address = "", peer = "", state] = line.trim().split(/\s+/);
    if (address.endsWith(local) && state === "01") peers.add(peer);
  }
  return peers;
}
