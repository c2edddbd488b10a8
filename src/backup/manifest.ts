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
  readonly files: readonly ManifestFile[];
}

export interface ManifestFile {
  /** With slashes, below the backup's folder. */
  readonly path: string;
  readonly bytes: number;
  /** Of the content. Bodies have none: each message's record has one of its own. */
  readonly crc32?: number;
}

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify({ format: backupFormat, weir: version, ...manifest }, undefined, 1)}\n`;
}

/** Rejects with a sentence when it is none, or of a later release. */
export async function readManifest(folder: string): Promise<Manifest & { readonly weir: string }> {
  const file = join(folder, manifestFile);
  const text = await readFile(file, "utf8");
  let value: Partial<Manifest & { format: number; weir: string }> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch (cause) {
    throw new Error(`${file} cannot be understood, so nobody knows what ${folder} holds; move it away`, {
      cause,
    });
  }
  if (typeof value?.format === "number" && value.format > backupFormat)
    throw new Error(
      `${folder} was written by Weir ${value.weir}, in a form that Weir ${version} does not know`,
    );
  if (!isManifest(value))
    throw new Error(`${file} is not what weir backup writes, or was changed since; move ${folder} away`);
  return value;
}

/** As far as is relied on. */
function isManifest(value: unknown): value is Manifest & { weir: string } {
  const { format, files, configuration, takenAt, dataDirectory, hostname } = (value ?? {}) as Partial<
    Record<string, unknown>
  >;
  const texts = [
    takenAt,
    dataDirectory,
    hostname,
    ...(isObject(configuration) ? [configuration["file"]] : []),
  ];
  return (
    typeof format === "number" &&
    texts.every((text) => typeof text === "string") &&
    (configuration === undefined || (isObject(configuration) && isName(configuration["file"]))) &&
    Array.isArray(files) &&
    files.every(
      (file: unknown) => isObject(file) && isInside(file["path"]) && Number.isSafeInteger(file["bytes"]),
    )
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isName(value: unknown): boolean {
  return typeof value === "string" && !/[/\\]|^\.{0,2}$/.test(value);
}

function isInside(path: unknown): boolean {
  return typeof path === "string" && path.split("/").every(isName);
}
