/**
 * Which formats a data directory has, in `format.json` beside the stores: read before anything in it is opened, written
 * when the spool is held and before anything of a new format is. Replaced as a whole, so it is there or not.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isFull, isMissing, isThere } from "../ports/file-fault.ts";
import { replaceFile } from "../ports/replace-file.ts";
import { version } from "../version.ts";
import { dataFormats, formatBeforeMarks, type StoreFormats } from "./data-formats.ts";

export const formatFile = "format.json";
/** Stands in a data directory while a backup is being put into it: what is there is a part of it. */
export const unfinishedRestoreFile = "restore-unfinished";

interface Mark {
  readonly format: number;
  readonly needs: string;
}
type Marks = Readonly<Record<string, Mark>>;

/** The directory is of a later release, or not whole. Nothing was changed in it. */
export class FormatError extends Error {
  override readonly name = "FormatError";
  /** Another release reads it; else the text says what helps. */
  readonly isLater: boolean;

  constructor(message: string, { isLater = false, ...options }: ErrorOptions & { isLater?: boolean } = {}) {
    super(message, options);
    this.isLater = isLater;
  }
}

/**
 * Rejects with FormatError when a store is of a later format than this release knows, or a restore did not end, and with
 * the system's error when that cannot be found out. Changes nothing. Cost: a small file.
 */
export async function checkDataFormats(
  dataDirectory: string,
  known: StoreFormats = dataFormats,
): Promise<void> {
  if (await isThere(join(dataDirectory, unfinishedRestoreFile)))
    throw new FormatError(
      `${dataDirectory} holds a part of a backup only: a restore into it did not end; run weir restore again`,
    );
  const { formats, writtenBy } = await readMarks(dataDirectory);
  const later = Object.entries(known).flatMap(([name, { format, place }]) => {
    const mark = formats[name];
    return mark === undefined || mark.format <= format ? [] : [{ ...mark, name, place, knows: format }];
  });
  if (later.length === 0) return;
  const needs = later.map((mark) => mark.needs).reduce(laterVersion);
  const stores = later
    .map(({ name, place, format, knows }) => `${name} (${place}) has format ${format}, known is ${knows}`)
    .join("; ");
  throw new FormatError(
    `${dataDirectory} needs Weir ${needs} or later, and this is Weir ${version}: it was written by Weir ${writtenBy}, and its ${stores}; nothing was changed`,
    { isLater: true },
  );
}

/**
 * Moves a directory forward that `checkDataFormats` had nothing against, and marks it. The caller holds the spool, and opens
 * the stores behind it. Does nothing when the marks are right. On a full disk a directory whose formats stay as they are is
 * marked at a later start. Cost else: two syncs, and what `forward` does.
 */
export async function moveDataFormatsForward(
  dataDirectory: string,
  known: StoreFormats = dataFormats,
): Promise<void> {
  const { formats, writtenBy } = await readMarks(dataDirectory);
  let moved = false;
  for (const [name, { format, forward = {} }] of Object.entries(known)) {
    const from = formats[name]?.format ?? formatBeforeMarks;
    for (let next = from + 1; next <= format; next++) await forward[next]?.(dataDirectory);
    moved ||= from !== format;
  }
  const marks: Record<string, Mark> = { ...formats };
  for (const [name, { format, needs }] of Object.entries(known)) marks[name] = { format, needs };
  if (writtenBy === version && JSON.stringify(marks) === JSON.stringify(formats)) return;
  const text = `${JSON.stringify({ writtenBy: version, formats: marks }, undefined, 2)}\n`;
  await replaceFile(join(dataDirectory, formatFile), text, { mode: 0o644 }).catch((error: unknown) => {
    // What waits must be delivered to make room.
    if (moved || !isFull((error as Error).cause ?? error)) throw error;
  });
}

/** Stores that this release does not know stay marked: a later one counts on it. */
async function readMarks(dataDirectory: string): Promise<{ formats: Marks; writtenBy: string }> {
  const file = join(dataDirectory, formatFile);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isMissing(error)) return { formats: {}, writtenBy: "" };
    throw error;
  }
  try {
    const { formats, writtenBy } = JSON.parse(text) as { formats: Marks; writtenBy: string };
    for (const { format, needs } of Object.values(formats))
      if (!Number.isSafeInteger(format) || typeof needs !== "string") throw new TypeError("no mark");
    return { formats, writtenBy };
  } catch (cause) {
    throw new FormatError(
      `${file} does not say which formats ${dataDirectory} has; put it back from a backup, or remove it when no later release of Weir has run here; nothing was changed`,
      { cause },
    );
  }
}

function laterVersion(a: string, b: string): string {
  const [left, right] = [a, b].map((text) => text.split(".").map(Number)) as [number[], number[]];
  for (let at = 0; at < 3; at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference > 0 ? a : b;
  }
  return a;
}
