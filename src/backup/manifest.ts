/** What a backup says of itself, in `backup.json`. It is written when all the rest is on disk. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { version } from "../version.ts";

export const manifestFile = "backup.json";

/** The form of a backup's folder; a later one is refused. */
const backupFormat = 1;

export interface Manifest {
  /** ISO 8601. */
  readonly takenAt: string;
  readonly hostname: string;
  /** Absolute, where the relay was. */
  readonly dataDirectory: string;
  /** Of the relay; undefined where an application held it. Below `configuration/`. */
  readonly configuration: { readonly file: string; readonly folder: string } | undefined;
  /** A relay was running: what was queued may have been delivered since. */
  readonly wasRunning: boolean;
  /** Undefined: of a relay that did not run, nobody has counted. */
  readonly messages: number | undefined;
  /** Files that the configuration names and that are not in it, as they do not stand beside it. */
  readonly notIncluded: readonly string[];
  /** Paths with slashes below the backup's folder. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify({ format: backupFormat, weir: version, ...manifest }, undefined, 1)}\n`;
}

/** Rejects with a sentence when it is none, or of a later release. */
export async function readManifest(folder: string): Promise<Manifest & { readonly weir: string }> {
  const file = join(folder, manifestFile);
  const text = await readFile(file, "utf8");
  let value: Partial<Manifest & { format: number; weir: string }>;
  try {
    value = JSON.parse(text) as typeof value;
  } catch (cause) {
    throw new Error(`${file} cannot be understood`, { cause });
  }
  if (typeof value.format !== "number" || !Array.isArray(value.files))
    throw new Error(`${file} is not what weir backup writes`);
  if (value.format > backupFormat)
    throw new Error(
      `${folder} was written by Weir ${value.weir}, in a form that Weir ${version} does not know`,
    );
  return value as Manifest & { weir: string };
}
