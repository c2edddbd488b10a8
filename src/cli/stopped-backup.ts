/** A backup of a relay that does not run, made by the command itself. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { makeBackup } from "../backup/make-backup.ts";
import { copyStoppedSpool } from "../backup/stopped-spool.ts";
import { handedOverDirectories, namedFiles } from "../config/named-files.ts";
import { parseConfig } from "../config/parse-config.ts";
import { readClusterSection } from "../config/read-cluster-section.ts";
import { counted } from "../core/units/counted.ts";
import type { MeantRelay } from "./data-directory.ts";
import { CommandFault } from "./exit-code.ts";
import type { Output } from "./output/output.ts";

/** Rejects with CommandFault where the configuration has faults: it would not be known whose directories are whose. */
export async function stoppedBackup(
  { configFile, dataDirectory }: MeantRelay,
  wish: { readonly directory: string; readonly keep: number | undefined },
  output: Output,
) {
  const text = await readFile(configFile, "utf8");
  const { cluster } = readClusterSection(text, configFile);
  if (cluster !== undefined)
    throw new CommandFault(
      `${configFile} is a node's, whose mail is in the database: that is backed up, and a node's own files by other means (docs/several-nodes.md, Back it up)`,
    );
  const parsed = parseConfig(text, { file: configFile });
  if (!parsed.ok) throw new CommandFault(`${configFile} has faults, which weir check tells`);
  const startedAt = new Date();
  const { folder, manifest, copiedBytes, removed } = await makeBackup(
    {
      hostname: parsed.settings.hostname,
      dataDirectory,
      handedOver: handedOverDirectories(parsed.settings),
      configuration: { file: resolve(configFile), named: namedFiles(text, configFile) },
      wasRunning: false,
      copySpool: (directory, take) => copyStoppedSpool(join(dataDirectory, "spool"), directory, take),
      flushLogs: () => Promise.resolve(),
    },
    wish,
    () => new Date(),
    {
      signal: output.signal,
      progress: ({ phase, files }) => output.progress(`${phase}: ${counted(files, "file")}`),
    },
  );
  return {
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    folder,
    messages: manifest.messages ?? null,
    files: manifest.files.length,
    copiedBytes,
    notIncluded: [...manifest.notIncluded],
    removed: [...removed],
  };
}
