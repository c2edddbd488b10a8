/** Which backup goes where: the configuration that is there says which data directory is meant, else the backup's own. */
import { lchown, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { answeringSocket } from "../admin/answering-socket.ts";
import { meantBackup } from "../backup/backup-folders.ts";
import { BackupRefusal } from "../backup/make-backup.ts";
import { readManifest } from "../backup/manifest.ts";
import { restoreBackup } from "../backup/restore-backup.ts";
import { foreignOwnerOf, type Owner } from "../ports/as-owner.ts";
import { isMissing } from "../ports/file-fault.ts";
import { replaceFile } from "../ports/replace-file.ts";
import { createSystemClock } from "../ports/system-ports.ts";
import { chooseConfigFile } from "./config-file.ts";
import { dataDirectoryIn } from "./data-directory.ts";
import type { Output } from "./output/output.ts";

/** What stood where a restored configuration was put. */
const besideRestored = ".before-restore";

export async function restoreInto(
  directory: string,
  options: {
    readonly config: string | undefined;
    readonly release: boolean;
    readonly force: boolean;
    /** Its configuration and keys, too, in place of those that are there. */
    readonly withConfiguration: boolean;
    readonly output: Output;
  },
) {
  const { release, force, withConfiguration, output } = options;
  const folder = await meantBackup(resolve(directory));
  if (folder === undefined) throw new BackupRefusal(`there is no whole backup in ${directory}`);
  const manifest = await readManifest(folder);
  const inBackup = manifest.configuration && join(folder, "configuration", manifest.configuration.file);
  if (withConfiguration && inBackup === undefined)
    throw new BackupRefusal(`${folder} holds no configuration: its relay was part of another program`);
  const configuration = resolve((await chooseConfigFile(options.config)).file);
  const there = withConfiguration ? undefined : await textIn(configuration);
  const text = there ?? (inBackup && (await textIn(inBackup)));
  if (text === undefined)
    throw new BackupRefusal(
      `there is no ${configuration}, nor a configuration in the backup: it is not known where to restore to`,
    );
  const dataDirectory = resolve(dirname(configuration), await dataDirectoryIn(text));
  const answering = await answeringSocket(dataDirectory).catch(() => undefined);
  if (answering !== undefined)
    throw new BackupRefusal(`a relay runs with ${dataDirectory}: it answers on ${answering}`);

  const restored = await restoreBackup(folder, {
    dataDirectory,
    release,
    force,
    owner: await foreignOwnerOf(dirname(configuration)),
    clock: createSystemClock(),
    progress: ({ phase, done, of }) =>
      output.progress(`${phase}: ${done}${of === undefined ? "" : ` of ${of}`}`),
  });
  const { uid, gid } = await stat(dataDirectory);
  const put = withConfiguration ? replaceKeepingOld : copyWhereMissing;
  const written: string[] = [];
  const besides = manifest.files.filter(({ path }) => path.startsWith("configuration/"));
  for (const { path } of besides) {
    const name = path.slice("configuration/".length);
    const target = name === manifest.configuration?.file ? configuration : join(dirname(configuration), name);
    // One that is missing there is among what was told.
    const content = await readFile(join(folder, path)).catch(() => undefined);
    const as = { uid, gid, mode: target === configuration ? 0o640 : 0o600 };
    if (content !== undefined && (await put(content, target, as))) written.push(target);
  }
  return { folder, takenAt: manifest.takenAt, dataDirectory, configuration, written, ...restored };
}

async function textIn(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

type FileOwner = Owner & { readonly mode: number };

/** False: something is there already. */
async function copyWhereMissing(content: Buffer, target: string, as: FileOwner): Promise<boolean> {
  await mkdir(dirname(target), { recursive: true });
  try {
    await writeFile(target, content, { flag: "wx", mode: as.mode });
  } catch (error) {
    if ((error as { code?: unknown }).code === "EEXIST") return false;
    throw error;
  }
  // Root restores for the user whose directory it is.
  if (process.getuid?.() === 0) await lchown(target, as.uid, as.gid);
  return true;
}

/** With owner and mode of what was there, which stays beside it; false: it is the same. */
async function replaceKeepingOld(content: Buffer, target: string, as: FileOwner): Promise<boolean> {
  const old = await readFile(target).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (old === undefined) return copyWhereMissing(content, target, as);
  if (old.equals(content)) return false;
  const { uid, gid, mode } = await stat(target);
  const of = { mode: mode & 0o777, ...(process.getuid?.() === 0 && { owner: { uid, gid } }) };
  await replaceFile(`${target}${besideRestored}`, old, of);
  await replaceFile(target, content, of);
  return true;
}
