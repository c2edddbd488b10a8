/**
 * The lock on Linux, where Node can ask for none of the kernel's file locks: who wants the directory enters a listening
 * socket of its own there, `holder.<process id>-<random>`, and holds it when no other entry answers. The kernel knows
 * whether somebody listens, from whatever container or namespace it is asked, and forgets it with the process.
 *
 * An entry appears by a rename when it already listens, and each looks around only behind its own entry: of two, at
 * least the later one sees the other. An entry that is dead stays dead, so it can be removed without a race.
 *
 * Where the kernel cannot tell (a file system shared between machines, or one without sockets) a holder shows that it
 * lives by touching its entry, and who comes waits for that.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, lstat, open, readdir, rename, statfs, unlink, utimes, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { LockAttempt } from "./lock-attempt.ts";

const prefix = "holder.";
const isEntry = /^holder\.\d+-[0-9a-f]{12}$/;
const draftPrefix = "entering.";
/** What earlier releases left. */
const oldName = "lock";
/** A holder touches its entry once a second (spool-place.ts). */
const signOfLifeMs = 6_000;
/** sun_path has 108 octets on Linux. */
const longestPathBytes = 107;

/** f_type of file systems on which another machine, or another kernel on this one, may listen: statfs(2). */
const sharedTypes: ReadonlySet<number> = new Set([
  0x6969, // NFS
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2
  0x517b, // SMB
  0x65735546, // FUSE, virtiofs
  0x01021997, // 9p
  0x00c36400, // Ceph
  0x0bd00bd0, // Lustre
  0x01161970, // GFS2
  0x7461636f, // OCFS2
  0x5346414f, // AFS
  0x786f4256, // VirtualBox's shared folders
  0xbacbacbc, // VMware's
]);

/** Enters itself, and looks around. Rejects with the system's error when nothing can be entered. */
export async function tryRegister(directory: string): Promise<LockAttempt> {
  const isShared = sharedTypes.has((await statfs(directory)).type);
  const name = `${prefix}${process.pid}-${randomBytes(6).toString("hex")}`;
  const path = join(directory, name);
  const server = await enter(directory, name);
  if (server === "removed") return { heldBy: directory };
  const leave = async (): Promise<void> => {
    await unlink(path).catch(() => undefined);
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  };
  try {
    const { dev, ino } = await lstat(path);
    const dead: string[] = [];
    for (const other of await readdir(directory)) {
      if (other === name || !(isEntry.test(other) || other === oldName)) continue;
      if (await lives(directory, other, isShared)) {
        await leave();
        return { heldBy: join(directory, other) };
      }
      dead.push(other);
    }
    for (const other of dead) await unlink(join(directory, other)).catch(() => undefined);
    await removeDrafts(directory);
    return {
      async lost() {
        const found = await lstat(path).catch(() => undefined);
        if (found === undefined) return `${path} was removed`;
        if (found.ino !== ino || found.dev !== dev) return `${path} was replaced`;
        if (isShared || server === undefined) await touch(path);
        return undefined;
      },
      unlock: leave,
    };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** Makes the entry: a socket that listens already; a plain file (undefined) where the file system knows no sockets. */
async function enter(directory: string, name: string): Promise<Server | undefined | "removed"> {
  const draft = `${draftPrefix}${name.slice(prefix.length)}`;
  const server = await listen(directory, draft);
  try {
    if (server === undefined) await writeFile(join(directory, draft), "", { mode: 0o600, flag: "wx" });
    await rename(join(directory, draft), join(directory, name));
    return server;
  } catch (error) {
    server?.close();
    // Who holds the directory has tidied up.
    if ((error as { code?: unknown }).code === "ENOENT") return "removed";
    await unlink(join(directory, draft)).catch(() => undefined);
    throw error;
  }
}

async function listen(directory: string, name: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  // Of accept(2), when descriptors run out: who asks has its answer by then.
  server.on("error", () => undefined);
  try {
    await withShortPath(directory, name, async (path) => {
      server.listen(path);
      await once(server, "listening");
      await chmod(path, 0o600);
    });
    return server;
  } catch (error) {
    const { code } = error as { code?: unknown };
    // A full disk is none of the reasons to do without.
    if (code === "ENOSPC" || code === "EDQUOT" || code === "EROFS" || code === "ENOENT" || code === "EMFILE")
      throw error;
    return undefined;
  }
}

/** Whether whoever made an entry is still there. In doubt it is. */
async function lives(directory: string, name: string, isShared: boolean): Promise<boolean> {
  const path = join(directory, name);
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || name === oldName) return false;
  if (found.isSocket()) {
    const answer = await withShortPath(directory, name, answerOf);
    if (answer === "ENOENT") return false;
    if (answer !== "ECONNREFUSED") return true;
    if (!isShared) return false;
  }
  const impatientAt = performance.now() + signOfLifeMs;
  while (performance.now() < impatientAt) {
    await delay(250);
    const later = await lstat(path).catch(() => undefined);
    if (later === undefined) return false;
    if (later.mtimeMs !== found.mtimeMs) return true;
  }
  return false;
}

/** `connected`, or the code of what went wrong. */
function answerOf(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve("connected");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
  });
}

/** A socket's path may have some hundred octets; a directory's open descriptor is a short way to it. */
async function withShortPath<Result>(
  directory: string,
  name: string,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const path = join(directory, name);
  if (Buffer.byteLength(path) <= longestPathBytes) return use(path);
  const handle = await open(directory, "r");
  try {
    return await use(`/proc/self/fd/${handle.fd}/${name}`);
  } finally {
    await handle.close();
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

/** Of starts that were killed; one who is just entering enters again. */
async function removeDrafts(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    if (name.startsWith(draftPrefix)) await unlink(join(directory, name)).catch(() => undefined);
}
