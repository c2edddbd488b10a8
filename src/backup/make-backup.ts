/**
 * One backup: the spool as of one moment, what stands beside it in the data directory, and the configuration with the
 * files beside it. It is made in a folder that says it is not whole, and gets its name when all of it is on disk, so that
 * neither a full disk nor a loss of power leaves a half that looks whole
 * (docs/decisions/0059-backup.md).
 */
import { mkdir, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { syncDirectory } from "../ports/directory-sync.ts";
import { isMissing } from "../ports/file-fault.ts";
import { makeDirectory } from "../ports/make-directory.ts";
import { replaceFile } from "../ports/replace-file.ts";
import { newName, partial, removePartial, wholeBackups } from "./backup-folders.ts";
import { checksumOf, hasChecksum } from "./checksum.ts";
import { filePlaces, type FilePlaces } from "./file-places.ts";
import { manifestFile, manifestText, readManifest, type Manifest, type ManifestFile } from "./manifest.ts";
import { isLeftOut } from "./what-is-left-out.ts";

export interface BackupSource {
  readonly hostname: string;
  /** Absolute. */
  readonly dataDirectory: string;
  /** Directories below it that belong to other programs. Absolute. */
  readonly handedOver: readonly string[];
  /** `named`: the files it names. Absolute. */
  readonly configuration: { readonly file: string; readonly named: readonly string[] } | undefined;
  readonly wasRunning: boolean;
  /**
   * Copies the spool into an empty directory, and calls `take` with each body. Resolves with the number of messages, where
   * it is known.
   */
  readonly copySpool: (
    directory: string,
    take: (body: { readonly id: number; readonly path: string }) => Promise<void>,
  ) => Promise<number | undefined>;
  /** Resolves when logs are in their files. */
  readonly flushLogs: () => Promise<void>;
}

export interface BackupWish {
  /** Absolute; made when it is missing. */
  readonly directory: string;
  /** How many backups stay, this one included; undefined: all. */
  readonly keep: number | undefined;
}

export interface BackupProgress {
  readonly phase: "spool" | "bodies" | "files" | "configuration" | "finishing";
  readonly files: number;
  readonly copiedBytes: number;
}

export interface MadeBackup {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly copiedBytes: number;
  readonly removed: readonly string[];
}

/** Why no backup can be made there, for people. */
export class BackupRefusal extends Error {
  override readonly name = "BackupRefusal";
}

/** Rejects with BackupRefusal, or with what a disk said; what was begun is removed then. */
export async function makeBackup(
  source: BackupSource,
  { directory, keep }: BackupWish,
  now: () => Date,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (now: BackupProgress) => void },
): Promise<MadeBackup> {
  const { dataDirectory } = source;
  assertOutside(directory, dataDirectory);
  const place = await writable(directory, async () => {
    await makeDirectory(directory, 0o700);
    return realpath(directory);
  });
  assertOutside(place, await realpath(dataDirectory));
  const earlier = await writable(place, () => wholeBackups(place));
  const latest = earlier.at(-1);
  const before = latest === undefined ? undefined : await manifestOfSame(join(place, latest), source);
  await removePartial(place);

  const takenAt = now();
  const name = newName(takenAt, await readdir(place));
  const draft = join(place, partial(name));
  await writable(place, () => mkdir(draft, { mode: 0o700 }));
  const places = filePlaces(draft, latest === undefined ? undefined : join(place, latest));
  const tell = (phase: BackupProgress["phase"]): void => {
    signal.throwIfAborted();
    progress({ phase, files: places.files.length, copiedBytes: places.copiedBytes });
  };
  try {
    tell("spool");
    await mkdir(join(draft, "data", "spool"), { recursive: true, mode: 0o700 });
    const messages = await source.copySpool(join(draft, "data", "spool"), async ({ path }) => {
      await places.put(path, `data/spool/bodies/${basename(dirname(path))}/${basename(path)}`, true);
      tell("bodies");
    });
    await noteSpoolFiles(draft, places);
    await source.flushLogs();
    for await (const file of filesOf(dataDirectory, source.handedOver)) {
      tell("files");
      await places.put(join(dataDirectory, file), `data/${file}`);
    }
    tell("configuration");
    const { configuration, notIncluded } = await putConfiguration(source, places);
    tell("finishing");
    await places.sync();
    const manifest: Manifest = {
      takenAt: takenAt.toISOString(),
      hostname: source.hostname,
      dataDirectory,
      configuration,
      wasRunning: source.wasRunning,
      messages,
      notIncluded,
      files: await withChecksums(draft, places.files, before, signal),
    };
    await replaceFile(join(draft, manifestFile), manifestText(manifest), { mode: 0o600 });
    signal.throwIfAborted();
    const folder = join(place, name);
    await rename(draft, folder);
    await syncDirectory(place);
    const removed = keep === undefined ? [] : [...earlier, name].slice(0, -keep);
    for (const old of removed) await rm(join(place, old), { recursive: true, force: true });
    return { folder, manifest, copiedBytes: places.copiedBytes, removed };
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

/** Rejects with BackupRefusal, and what helps, where this process may not write. */
async function writable<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const user = `user ${process.geteuid?.() ?? "the relay runs as"}`;
    if (code === "EACCES" || code === "EPERM")
      throw new BackupRefusal(
        `${directory} may not be written by ${user}, who makes the backup: give it to that user (install -d -o USER -m 0700 ${directory}), and let it through the folders above (${message})`,
        { cause },
      );
    if (code === "EROFS")
      throw new BackupRefusal(
        `${directory} is read-only for the relay (${message}); a unit of systemd names where it may write: systemctl edit weir, [Service], ReadWritePaths=${directory}, and restart it`,
        { cause },
      );
    throw cause;
  }
}

/** Throws BackupRefusal. Both absolute. */
export function assertOutside(directory: string, dataDirectory: string): void {
  if (isBelow(directory, dataDirectory))
    throw new BackupRefusal(
      `${directory} is in the data directory ${dataDirectory}, which is what the backup is to outlive`,
    );
}

/** Backups of two relays in one directory would be taken for each other's. */
async function manifestOfSame(folder: string, { hostname, dataDirectory }: BackupSource): Promise<Manifest> {
  const last = await readManifest(folder);
  if (last.dataDirectory === dataDirectory && last.hostname === hostname) return last;
  throw new BackupRefusal(
    `${dirname(folder)} holds backups of another relay (${last.hostname}, ${last.dataDirectory}); give each a directory of its own`,
  );
}

/** A link keeps the sum it was first put with: what has changed since is found out. */
async function withChecksums(
  draft: string,
  files: FilePlaces["files"],
  before: Manifest | undefined,
  signal: AbortSignal,
): Promise<readonly ManifestFile[]> {
  const known = new Map(before?.files.map(({ path, crc32 }) => [path, crc32]));
  const summed: ManifestFile[] = [];
  for (const { path, bytes, isAsBefore } of files) {
    signal.throwIfAborted();
    if (!hasChecksum(path)) summed.push({ path, bytes });
    else {
      const crc32 = (isAsBefore ? known.get(path) : undefined) ?? (await checksumOf(join(draft, path)));
      summed.push({ path, bytes, crc32 });
    }
  }
  return summed;
}

/** What `copySpool` made itself. */
async function noteSpoolFiles(draft: string, places: FilePlaces): Promise<void> {
  const spool = join(draft, "data", "spool");
  for (const entry of await readdir(spool, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = slashed(relative(draft, join(entry.parentPath, entry.name)));
    if (!path.startsWith("data/spool/bodies/")) await places.note(path);
  }
}

/**
 * Paths below the data directory, with slashes: of files that are no other program's and not left out. Where a folder is a link,
 * say to a disk for logs, what it leads to is meant, once.
 */
async function* filesOf(
  dataDirectory: string,
  handedOver: readonly string[],
): AsyncGenerator<string, void, undefined> {
  const waiting = [dataDirectory];
  const seen = new Set<string>();
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    const real = await realpath(at).catch(goneOr);
    if (real === undefined || seen.has(real)) continue;
    seen.add(real);
    for (const entry of (await readdir(at, { withFileTypes: true }).catch(goneOr)) ?? []) {
      const full = join(at, entry.name);
      const path = slashed(relative(dataDirectory, full));
      const found = entry.isSymbolicLink() ? await stat(full).catch(() => undefined) : entry;
      if (found?.isDirectory() === true) {
        if (!handedOver.includes(full) && !isLeftOut(`${path}/`)) waiting.push(full);
      } else if (found?.isFile() === true && !isLeftOut(path)) yield path;
    }
  }
}

/** What a running relay removes meanwhile. */
function goneOr(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

/** The file, and those it names that stand beside it or below. */
async function putConfiguration(
  { configuration, dataDirectory }: BackupSource,
  places: FilePlaces,
): Promise<Pick<Manifest, "configuration" | "notIncluded">> {
  if (configuration === undefined) return { configuration: undefined, notIncluded: [] };
  const file = resolve(configuration.file);
  const folder = dirname(file);
  await places.put(file, `configuration/${basename(file)}`);
  const notIncluded: string[] = [];
  for (const named of configuration.named) {
    if (isBelow(named, dataDirectory)) continue;
    const isFile = (await stat(named).catch(() => undefined))?.isFile() === true;
    if (isFile && isBelow(named, folder))
      await places.put(named, `configuration/${slashed(relative(folder, named))}`);
    else notIncluded.push(named);
  }
  return { configuration: { file: basename(file), folder }, notIncluded };
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}

function slashed(path: string): string {
  return sep === "/" ? path : path.replaceAll(sep, "/");
}
