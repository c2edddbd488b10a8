/** The configuration that nodes share, for commands that ask the database itself: its first version, its text, another text. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { openShared, type Shared } from "../cluster/open-shared.ts";
import {
  ConfigurationFileError,
  readConfigurationText,
  replaceConfigurationText,
} from "../config/edit-file.ts";
import { formatFault, type Fault } from "../config/fault.ts";
import { parseShared, splitConfiguration } from "../config/shared-configuration.ts";
import { sharedPlace, sharedStore } from "../config/shared-store.ts";
import { asOwner, type ConfiguredCluster, type SchemaOwner } from "./cluster-schema.ts";
import { CommandFault } from "./exit-code.ts";
import { whoRunsThis } from "./who-runs-this.ts";

/** A person waits for it. */
const patienceMs = 5_000;

export interface FirstConfiguration {
  /** Of the document that is there now. */
  readonly version: number;
  /** It was not there, or only because a command before this one was broken off. */
  readonly isMade: boolean;
  /** Where the whole file was put before its shared part was taken out; undefined: the file is as it was. */
  readonly before: string | undefined;
}

/**
 * Makes the first version of what this node's file says, and takes it out of the file; where there is a document nothing is
 * done. The document is written first: a command that ends in between is run again, and finds the two parts alike. With
 * `path` that file's text is the first version, and this node's file stays as it is.
 */
export async function writeFirstConfiguration(
  { file, text, cluster }: ConfiguredCluster,
  owner: SchemaOwner,
  path?: string,
): Promise<FirstConfiguration> {
  const given = path === undefined ? undefined : await readConfigurationText(path);
  return withShared(asOwner(cluster, owner), async ({ documents }) => {
    const there = await documents.head();
    if (path !== undefined && given !== undefined) {
      if (there !== undefined) return { version: there.version, before: undefined, isMade: false };
      const parsed = parseShared(given, text, { file: resolve(file) });
      if (!parsed.ok) throw refused(parsed.faults, path);
      const { version } = await added(documents, given);
      return { version, before: undefined, isMade: true };
    }
    const split = splitConfiguration(text);
    if (there !== undefined && there.text !== split.shared)
      return { version: there.version, before: undefined, isMade: false };
    const parsed = parseShared(split.shared, split.own, { file: resolve(file) });
    if (!parsed.ok) throw refused(parsed.faults, file);
    const { version } = there ?? (await added(documents, split.shared));
    const before = `${file}.before-cluster`;
    await writeFile(before, text, { mode: 0o600, flag: "wx" }).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== "EEXIST") throw error;
    });
    await replaceConfigurationText(file, text, split.own);
    return { version, before, isMade: true };
  });
}

async function added(documents: Shared["documents"], text: string): Promise<{ readonly version: number }> {
  const made = await documents.add(0, text, { ...whoRunsThis(), doing: "weir cluster init" });
  if (made !== undefined) return made;
  throw new CommandFault(`${sharedPlace} was written by somebody else meanwhile`);
}

/** The text of a version, or of the newest. */
export async function readShared(
  { cluster }: ConfiguredCluster,
  version: number | undefined,
): Promise<{ readonly version: number; readonly text: string }> {
  return withShared(cluster, async ({ documents }) => {
    const found = version === undefined ? await documents.head() : await documents.version(version);
    if (found !== undefined) return found;
    throw new CommandFault(
      version === undefined
        ? "the nodes share no configuration yet; weir cluster init makes it"
        : `${sharedPlace} has no version ${version}`,
    );
  });
}

/** Puts the text of `path` in place of version `expected`, which must be the newest. Answers with the new number. */
export async function replaceShared(
  { file, cluster }: ConfiguredCluster,
  path: string,
  expected: number | undefined,
): Promise<number> {
  const text = await readConfigurationText(path);
  return withShared(cluster, async ({ documents }) => {
    const store = sharedStore(resolve(file), documents);
    const before = await store.read();
    if (expected !== undefined && expected !== before.version)
      throw new CommandFault(`version ${expected} is not the newest any more, ${before.version} is`);
    const parsed = store.parse({ ...before, text });
    if (!parsed.ok) throw refused(parsed.faults, path);
    if (text === before.text) return before.version;
    const after = await store.replace(before, text, { ...whoRunsThis(), doing: "weir cluster replace" });
    return after.version;
  });
}

function refused(faults: readonly Fault[], place: string): CommandFault {
  return new CommandFault(
    `refused, and nothing was changed:\n${faults.map((fault) => formatFault(fault, place)).join("\n")}`,
  );
}

async function withShared<Answer>(
  cluster: Parameters<typeof openShared>[0],
  ask: (shared: Shared) => Promise<Answer>,
): Promise<Answer> {
  try {
    const shared = await openShared(cluster, patienceMs);
    return await ask(shared).finally(() => shared.close());
  } catch (error) {
    if (error instanceof CommandFault || error instanceof ConfigurationFileError) throw error;
    throw new CommandFault(error instanceof Error ? error.message : String(error));
  }
}
