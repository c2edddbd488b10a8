/** Listens on the relay's own socket: who may open it is the system's business (mode 0600, or 0660 for a group). */
import { createServer, type Server } from "node:http";
import { chmod, chown, lstat, mkdtemp, readFile, rm, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { groupId } from "../ports/group-id.ts";
import { answers } from "./answering-socket.ts";
import { pointerFile, socketPlace } from "./socket-path.ts";

export interface AdminServer {
  readonly path: string;
  /**
   * Opens socket and the way to it to the members of a group, or with undefined to none any more. Rejects when there is no
   * such group, or the relay's user is not one of them; the socket is its user's alone then. A named pipe has none.
   */
  readonly admit: (group: string | undefined) => Promise<void>;
  /** Takes no more requests and lets those under way end, for a second at most. Idempotent. */
  readonly close: () => Promise<void>;
}

const graceMs = 1_000;

/**
 * Opens the socket of a data directory; one that a relay left behind is taken over when nobody answers there.
 * Rejects when somebody does, or the system says no.
 */
export async function serveAdmin(
  dataDirectory: string,
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<AdminServer> {
  const place = socketPlace(dataDirectory, { platform: process.platform, temporary: tmpdir() });
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false });
  const server = createServer((request, response) => void listener(request, response));
  server.on("clientError", (_, socket) => socket.destroy());
  // A stream may be silent for long.
  server.timeout = 0;
  let path = place.path;
  if (place.kind === "elsewhere") {
    await removeOldFolder(pointerFile(dataDirectory));
    path = join(await mkdtemp(place.path), "admin.sock");
  }
  if (place.kind !== "namedPipe") await clear(path);
  await listen(server, path);
  if (place.kind !== "namedPipe") await chmod(path, 0o600);
  if (place.kind === "elsewhere") await writeFile(pointerFile(dataDirectory), `${path}\n`, { mode: 0o600 });

  let admitted: string | undefined;
  const admit = async (group: string | undefined): Promise<void> => {
    if (place.kind === "namedPipe" || group === admitted) return;
    admitted = undefined;
    await chmod(path, 0o600);
    if (group === undefined) return;
    const id = await groupId(group);
    const folders = place.kind === "elsewhere" ? [dirname(path), dataDirectory] : [dataDirectory];
    for (const folder of folders) await letThrough(folder, id);
    if (place.kind === "elsewhere") await give(pointerFile(dataDirectory), id, 0o640);
    await give(path, id, 0o660);
    admitted = group;
  };

  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
    if (place.kind === "elsewhere") {
      await rm(pointerFile(dataDirectory), { force: true });
      await rmdir(dirname(path)).catch(() => undefined);
    }
  };
  let closing: Promise<void> | undefined;
  return { path, admit, close: () => (closing ??= close()) };
}

/** To what is in it, by name; not to see what there is. */
async function letThrough(folder: string, group: number): Promise<void> {
  const { mode } = await stat(folder);
  await give(folder, group, (mode & 0o7777) | 0o010);
}

async function give(path: string, group: number, mode: number): Promise<void> {
  const { uid, gid } = await stat(path);
  if (gid !== group) await chown(path, uid, group);
  await chmod(path, mode);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

/** Removes a socket that nobody answers on. */
async function clear(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} is there and is no socket`);
  if (await answers(path)) throw new Error(`somebody answers on ${path} already`);
  await unlink(path);
}

/** Of a relay that did not come to its end; only a folder that looks like one of ours. */
async function removeOldFolder(pointer: string): Promise<void> {
  const path = (await readFile(pointer, "utf8").catch(() => "")).trim();
  const folder = dirname(path);
  if (basename(path) !== "admin.sock" || !basename(folder).startsWith("weir-")) return;
  if (await answers(path)) throw new Error(`somebody answers on ${path} already`);
  await rm(path, { force: true });
  await rmdir(folder).catch(() => undefined);
}
