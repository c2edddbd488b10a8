/** Which backup goes where: the configuration that is there says which data directory is meant, else the backup's own. */
import { lstat, mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { answeringSocket } from "../admin/answering-socket.ts";
import { meantBackup } from "../backup/backup-folders.ts";
import { BackupRefusal } from "../backup/make-backup.ts";
import { readManifest, type Manifest } from "../backup/manifest.ts";
import { restoreBackup } from "../backup/restore-backup.ts";
import { foreignOwnerOf, type Owner } from "../ports/as-owner.ts";
import { isMissing } from "../ports/file-fault.ts";
import { replaceFile, type Replacement } from "../ports/replace-file.ts";
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

  const put = withConfiguration ? replaceKeepingOld : putWhereMissing;
  const written: string[] = [];
  const besides = async (): Promise<void> => {
    const { uid, gid } = await stat(dataDirectory);
    for (const path of configurationLast(manifest)) {
      const name = path.slice("configuration/".length);
      const target =
        name === manifest.configuration?.file ? configuration : join(dirname(configuration), name);
      // One that is missing there is among what was told.
      const content = await readFile(join(folder, path)).catch(() => undefined);
      const as = { owner: { uid, gid }, mode: target === configuration ? 0o640 : 0o600 };
      if (content !== undefined && (await put(content, target, as))) written.push(target);
    }
  };
  const restored = await restoreBackup(folder, {
    dataDirectory,
    release,
    force,
    owner: await foreignOwnerOf(dirname(configuration)),
    besides,
    clock: createSystemClock(),
    progress: ({ phase, done, of }) =>
      output.progress(`${phase}: ${done}${of === undefined ? "" : ` of ${of}`}`),
  });
  return { folder, takenAt: manifest.takenAt, dataDirectory, configuration, written, ...restored };
}

const textIn = (file: string): Promise<string | undefined> => readFile(file, "utf8").catch(goneOr);

/** Of its configuration, behind the files it names: none that is there names one that is not there yet. */
function configurationLast({ files, configuration }: Manifest): readonly string[] {
  const last = `configuration/${configuration?.file}`;
  const named = files.map(({ path }) => path).filter((path) => path.startsWith("configuration/"));
  return [...named.filter((path) => path !== last), ...named.filter((path) => path === last)];
}

interface Kept {
  readonly owner: Owner;
  readonly mode: number;
}

/** False: something is there already. As a whole or not at all, so that one that was broken off may be run again. */
async function putWhereMissing(content: Buffer, target: string, as: Kept): Promise<boolean> {
  if ((await lstat(target).catch(goneOr)) !== undefined) return false;
  await mkdir(dirname(target), { recursive: true });
  await replaceFile(target, content, ofRoot(as));
  return true;
}

/** With owner and mode of what was there, which stays beside it; false: it is the same. */
async function replaceKeepingOld(content: Buffer, target: string, as: Kept): Promise<boolean> {
  const old = await readFile(target).catch(goneOr);
  if (old === undefined) return putWhereMissing(content, target, as);
  if (old.equals(content)) return false;
  const { uid, gid, mode } = await stat(target);
  const of = ofRoot({ mode: mode & 0o777, owner: { uid, gid } });
  await replaceFile(`${target}${besideRestored}`, old, of);
  await replaceFile(target, content, of);
  return true;
}

/** Root restores for the user whose directory it is. */
function ofRoot({ mode, owner }: Kept): Replacement {
  return { mode, ...(process.getuid?.() === 0 && { owner }) };
}

function goneOr(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
