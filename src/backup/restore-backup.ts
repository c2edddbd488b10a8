/**
 * Puts a backup's data into an empty data directory, reads every message of it, and holds them back unless told otherwise:
 * what was queued then may have been delivered since (docs/decisions/0059-backup.md). While it is not done a file says so,
 * and no relay starts there.
 */
import {
  constants,
  copyFile,
  lchown,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rm,
  rmdir,
  stat,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { checkDataFormats, unfinishedRestoreFile } from "../formats/format-file.ts";
import type { Clock } from "../ports/ports.ts";
import { syncDirectory } from "../ports/directory-sync.ts";
import { isMissing } from "../ports/file-fault.ts";
import { makeDirectoryFor, type Owner } from "../ports/as-owner.ts";
import { replaceFile } from "../ports/replace-file.ts";
import { lockDirectory } from "../spool/lock/directory-lock.ts";
import { openLmdbSpool, type LmdbSpool } from "../spool/lmdb-spool.ts";
import { SpoolError } from "../spool/spool.ts";
import type { ListPlace } from "../spool/spool-inspection.ts";
import { BackupRefusal } from "./make-backup.ts";
import { checksumOf } from "./checksum.ts";
import { type ManifestFile, readManifest } from "./manifest.ts";

export interface Restored {
  readonly messages: number;
  /** Held back by this. */
  readonly held: number;
  /** Were held back when the backup was made. */
  readonly heldBefore: number;
  /** Messages that cannot be read, with what is wrong. The relay sets them aside when it meets them. */
  readonly damaged: readonly { readonly id: number; readonly what: string }[];
  /** Of the backup's files, those that are not as they were put there, with what is wrong. */
  readonly spoilt: readonly string[];
}

export interface RestoreProgress {
  readonly phase: "files" | "messages";
  readonly done: number;
  readonly of: number | undefined;
}

/** While a restore is at work it holds this folder's lock. */
const restoringFolder = ".restoring";
const alwaysThere = new Set(["lost+found", restoringFolder]);
/** Of one that ended while it wrote that it is at work (ports/replace-file.ts). */
const draftOfMark = new RegExp(`^\\.${unfinishedRestoreFile}\\.[0-9a-f]{12}\\.new$`);
const messagesAtOnce = 500;

export interface RestoreOptions {
  readonly dataDirectory: string;
  /** Holds nothing back. */
  readonly release: boolean;
  /** Takes a backup that is not whole for what is left of it. */
  readonly force?: boolean;
  /** Whose directory it is to be where it has to be made; one that is there stays its owner's. */
  readonly owner?: Owner | undefined;
  /** What belongs to it elsewhere. It is the last: while it is not done, the directory is not. */
  readonly besides?: () => Promise<void>;
  readonly clock: Clock;
  readonly progress: (now: RestoreProgress) => void;
}

/**
 * Rejects with BackupRefusal when a backup is not whole, something stands in the directory, or another restore is at work
 * there: nothing was changed then.
 */
export async function restoreBackup(folder: string, options: RestoreOptions): Promise<Restored> {
  const { dataDirectory } = options;
  const { files } = await readManifest(folder);
  const spoilt = await spoiltFiles(folder, files);
  if (spoilt.size > 0 && options.force !== true)
    throw new BackupRefusal(
      `the backup ${folder} is not whole: ${[...spoilt.values()].slice(0, 3).join("; ")}; nothing was changed. Take another, or with -Force what is left of it`,
    );
  await checkDataFormats(join(folder, "data"));
  await assertEmpty(dataDirectory);

  await makeDirectoryFor(options.owner, dataDirectory);
  const leave = await enterAlone(dataDirectory);
  try {
    // Another may have ended in the meantime.
    await assertEmpty(dataDirectory);
    return { ...(await restoreHere(folder, files, spoilt, options)), spoilt: [...spoilt.values()] };
  } finally {
    await leave();
  }
}

/** Rejects with BackupRefusal while another restore is at work there. Resolves with what lets the next one in. */
async function enterAlone(dataDirectory: string): Promise<() => Promise<void>> {
  const place = join(dataDirectory, restoringFolder);
  await mkdir(place, { recursive: true, mode: 0o700 });
  const lock = await lockDirectory(place, 0).catch((cause: unknown) => {
    if (!(cause instanceof SpoolError)) throw cause;
    throw new BackupRefusal(`another weir restore is at work on ${dataDirectory}; nothing was changed`, {
      cause,
    });
  });
  return async () => {
    await lock.unlock();
    // One that has just looked in is told that this one is at work.
    await rmdir(place).catch(() => undefined);
  };
}

async function restoreHere(
  folder: string,
  files: readonly ManifestFile[],
  spoilt: ReadonlyMap<string, string>,
  { dataDirectory, release, besides, clock, progress }: RestoreOptions,
): Promise<Omit<Restored, "spoilt">> {
  const owner = await stat(dataDirectory);
  await emptyOut(dataDirectory);
  await replaceFile(join(dataDirectory, unfinishedRestoreFile), "", { mode: 0o600 });
  const directories = new Set<string>([dataDirectory]);
  const isMissingThere = (path: string): boolean => spoilt.get(path)?.endsWith(missing) === true;
  const wanted = files.filter(({ path }) => path.startsWith("data/") && !isMissingThere(path));
  let done = 0;
  for (const { path } of wanted) {
    const target = join(dataDirectory, path.slice("data/".length));
    for (let at = dirname(target); !directories.has(at); at = dirname(at)) {
      await mkdir(at, { recursive: true, mode: 0o700 });
      directories.add(at);
    }
    await copyDurably(join(folder, path), target);
    progress({ phase: "files", done: ++done, of: wanted.length });
  }
  // A spool that has messages and none waits for it to come back.
  const bodies = join(dataDirectory, "spool", "bodies");
  await mkdir(bodies, { recursive: true, mode: 0o700 });
  for (const directory of [...directories, bodies]) await syncDirectory(directory);
  const spool = await openLmdbSpool({ directory: join(dataDirectory, "spool"), clock });
  let restored: Omit<Restored, "spoilt">;
  try {
    restored = await lookThrough(spool, !release, (read) =>
      progress({ phase: "messages", done: read, of: spool.size }),
    );
  } finally {
    await spool.close();
  }
  await giveTo(dataDirectory, owner);
  await besides?.();
  await rm(join(dataDirectory, unfinishedRestoreFile));
  await syncDirectory(dataDirectory);
  return restored;
}

const missing = "is missing";

/** By path, what is wrong with it. Rejects with BackupRefusal where one is a link elsewhere: root must not read that. */
async function spoiltFiles(
  folder: string,
  files: readonly ManifestFile[],
): Promise<ReadonlyMap<string, string>> {
  const real = await realpath(folder);
  const spoilt = new Map<string, string>();
  for (const { path, bytes, crc32 } of files) {
    const file = join(real, path);
    const found = await lstat(file).catch(() => undefined);
    if (found === undefined) spoilt.set(path, `${path} ${missing}`);
    else if (!found.isFile() || (await realpath(file)) !== file)
      throw new BackupRefusal(`${path} of the backup ${folder} is a link, or no file; nothing was changed`);
    else if (found.size !== bytes) spoilt.set(path, `${path} has ${found.size} octets in place of ${bytes}`);
    else if (crc32 !== undefined && (await checksumOf(file)) !== crc32)
      spoilt.set(path, `${path} is not what was put there`);
  }
  return spoilt;
}

/** A restore that did not end may be begun again. */
async function assertEmpty(dataDirectory: string): Promise<void> {
  const names = (await namesIn(dataDirectory)).filter((name) => !draftOfMark.test(name));
  if (names.length === 0 || names.includes(unfinishedRestoreFile)) return;
  const some = names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "");
  throw new BackupRefusal(
    `the data directory ${dataDirectory} is not empty (${some}): a backup is never mixed with what is there; move it away, or name another directory in the configuration`,
  );
}

async function emptyOut(dataDirectory: string): Promise<void> {
  const names = (await namesIn(dataDirectory)).filter((name) => name !== unfinishedRestoreFile);
  for (const name of names) await rm(join(dataDirectory, name), { recursive: true, force: true });
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => !alwaysThere.has(name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Never a link: a file of the relay's own must not change the backup. */
async function copyDurably(source: string, target: string): Promise<void> {
  const { mtime } = await stat(source);
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  const handle = await open(target, "r+");
  try {
    await handle.chmod(0o600);
    await handle.utimes(mtime, mtime);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Reads every message to its end. `hold`: with each of its entries suspended. */
async function lookThrough(
  spool: LmdbSpool,
  hold: boolean,
  progress: (read: number) => void,
): Promise<Omit<Restored, "spoilt">> {
  const seen = new Set<number>();
  const held = new Set<number>();
  const heldBefore = new Set<number>();
  const damaged: { id: number; what: string }[] = [];
  spool.onDamaged(({ id, what }) => void damaged.push({ id, what }));
  for (const { queue } of spool.queues()) {
    let after: ListPlace | undefined;
    do {
      const page = await spool.list(queue, messagesAtOnce, after === undefined ? {} : { after });
      for (const { message, recipients } of page.messages) {
        const isSuspended = recipients.every(({ suspended }) => suspended === true);
        if (isSuspended && !held.has(message.id)) heldBefore.add(message.id);
        if (seen.has(message.id)) continue;
        seen.add(message.id);
        const what = await whyUnreadable(spool, message.id);
        if (what !== undefined) damaged.push({ id: message.id, what });
      }
      if (hold)
        await Promise.all(
          page.messages.map(async ({ message: { id } }) => {
            if ((await spool.suspend(queue, id, true)) === "changed") held.add(id);
          }),
        );
      progress(seen.size);
      after = page.next;
    } while (after !== undefined);
  }
  return { messages: seen.size, held: held.size, heldBefore: heldBefore.size, damaged };
}

async function whyUnreadable(spool: LmdbSpool, id: number): Promise<string | undefined> {
  try {
    const found = await spool.find(id);
    if (found === undefined) return "it cannot be read";
    if (found.content.inMemory !== undefined) return undefined;
    for await (const chunk of found.content.stream()) if (chunk.length === 0) continue;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Root restores for the user whose directory it is. */
async function giveTo(directory: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  if (process.getuid?.() !== 0 || (uid === 0 && gid === 0)) return;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    await lchown(join(entry.parentPath, entry.name), uid, gid);
}
