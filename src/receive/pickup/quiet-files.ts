/** Which files nobody writes to any more, as far as can be seen: those that are as they were a second ago. */
import type { Stats } from "node:fs";
import type { DirectoryFiles } from "./directory-files.ts";

/** A file that is as it was so long ago is not being written. */
export const quietMs = 1_000;

interface Seen {
  readonly stats: Stats;
  /** Undefined: since this time through the directory. */
  readonly since: number | undefined;
  readonly isQuiet: boolean;
}

export interface QuietFiles {
  /**
   * As it was when it was quiet, which it need not be any more; undefined: it is gone, or not quiet yet. Cost: a look at
   * the file until it is quiet, then none.
   */
  look(name: string, now: number): Promise<Stats | undefined>;
  /**
   * Each file was looked at once. What was new or has changed counts from now on: what came at once is quiet at once, and
   * goes in its order, however long it took to look through all.
   */
  lookedThrough(now: number): void;
  /** It is to be quiet anew. */
  forget(name: string): void;
  /** Of names that are not there any more nothing is remembered. */
  keep(there: ReadonlySet<string>): void;
  /** It was there when the directory was looked through last. */
  knows(name: string): boolean;
}

export function createQuietFiles(files: DirectoryFiles): QuietFiles {
  const seen = new Map<string, Seen>();
  return {
    async look(name, now) {
      const before = seen.get(name);
      if (before?.isQuiet === true) return before.stats;
      const stats = await files.look(name);
      if (stats === undefined) return undefined;
      const since = before !== undefined && isSameFile(before.stats, stats) ? before.since : undefined;
      // What is no file will not change.
      const isQuiet = !stats.isFile() || (since !== undefined && now - since >= quietMs);
      seen.set(name, { stats, since, isQuiet });
      return isQuiet ? stats : undefined;
    },
    lookedThrough(now) {
      for (const [name, one] of seen) if (one.since === undefined) seen.set(name, { ...one, since: now });
    },
    forget: (name) => void seen.delete(name),
    keep(there) {
      for (const name of seen.keys()) if (!there.has(name)) seen.delete(name);
    },
    knows: (name) => seen.has(name),
  };
}

/** The same file, and nothing was written to it meanwhile. */
export function isSameFile(one: Stats, other: Stats): boolean {
  return (
    one.ino === other.ino && one.dev === other.dev && one.size === other.size && one.mtimeMs === other.mtimeMs
  );
}
