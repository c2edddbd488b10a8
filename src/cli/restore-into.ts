/** Which backup goes where: the configuration that is there says which data directory is meant, else the backup's own. */
import { chown, copyFile, constants, mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { answeringSocket } from "../admin/answering-socket.ts";
import { meantBackup } from "../backup/backup-folders.ts";
import { BackupRefusal } from "../backup/make-backup.ts";
import { readManifest } from "../backup/manifest.ts";
import { restoreBackup } from "../backup/restore-backup.ts";
import { isMissing } from "../ports/file-fault.ts";
import { createSystemClock } from "../ports/system-ports.ts";
import { chooseConfigFile } from "./config-file.ts";
import { dataDirectoryIn } from "./data-directory.ts";
import type { Output } from "./output/output.ts";

export async function restoreInto(
  directory: string,
  options: { readonly config: string | undefined; readonly release: boolean; readonly output: Output },
) {
  const { release, output } = options;
  const folder = await meantBackup(resolve(directory));
  if (folder === undefined) throw new BackupRefusal(`there is no whole backup in ${directory}`);
  const manifest = await readManifest(folder);
  const inBackup = manifest.configuration && join(folder, "configuration", manifest.configuration.file);
  const configuration = resolve((await chooseConfigFile(options.config)).file);
  const text = (await textIn(configuration)) ?? (inBackup && (await textIn(inBackup)));
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
    clock: createSystemClock(),
    progress: ({ phase, done, of }) =>
      output.progress(`${phase}: ${done}${of === undefined ? "" : ` of ${of}`}`),
  });
  const owner = await stat(dataDirectory);
  const written: string[] = [];
  const besides = manifest.files.filter(({ path }) => path.startsWith("configuration/"));
  for (const { path } of besides) {
    const name = path.slice("configuration/".length);
    const target = name === manifest.configuration?.file ? configuration : join(dirname(configuration), name);
    if (!(await copyWhereMissing(join(folder, path), target))) continue;
    // Root restores for the user whose directory it is.
    if (process.getuid?.() === 0) await chown(target, owner.uid, owner.gid);
    written.push(target);
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

/** False: something is there already. */
async function copyWhereMissing(source: string, target: string): Promise<boolean> {
  await mkdir(dirname(target), { recursive: true });
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === "EEXIST") return false;
    throw error;
  }
}
