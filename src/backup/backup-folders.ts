/**
 * Backups side by side in one directory, each whole in a folder named for its moment: `20261129T072200Z`. One that is
 * being made, or was broken off, has a name that says so until the last of it is on disk.
 */
import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { isThere } from "../ports/file-fault.ts";
import { manifestFile } from "./manifest.ts";

const isBackup = /^\d{8}T\d{6}Z(-\d+)?$/;
const isPartial = /^\d{8}T\d{6}Z(-\d+)?\.partial$/;
export const partial = (name: string): string => `${name}.partial`;

/**
 * A name behind all that are there: the newest is found by its name, also when the clock was ahead for a while. Then it is the
 * last one's moment with the next number; `backup.json` has the true time.
 */
export function newName(takenAt: Date, taken: readonly string[]): string {
  const moment = takenAt
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replace(/[-:]/g, "");
  const last = taken
    .map((name) => name.replace(/\.partial$/, ""))
    .filter((name) => isBackup.test(name))
    .toSorted(byMoment)
    .at(-1);
  if (last === undefined) return moment;
  const [lastMoment = "", number = "1"] = last.split("-");
  return moment > lastMoment ? moment : `${lastMoment}-${Number(number) + 1}`;
}

/** Names of whole backups, the oldest first. Rejects when the directory cannot be read. */
export async function wholeBackups(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => isBackup.test(name));
  const whole: string[] = [];
  for (const name of names.sort(byMoment))
    if (await isThere(join(directory, name, manifestFile))) whole.push(name);
  return whole;
}

/** The folder that is meant: the one given, or the newest in it. Undefined: there is none. */
export async function meantBackup(directory: string): Promise<string | undefined> {
  if (await isThere(join(directory, manifestFile)))
    return isPartial.test(basename(directory)) ? undefined : directory;
  const newest = (await wholeBackups(directory)).at(-1);
  return newest === undefined ? undefined : join(directory, newest);
}

/** Removes what was broken off. */
export async function removePartial(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    if (isPartial.test(name)) await rm(join(directory, name), { recursive: true, force: true });
}

function byMoment(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => name.split("-"));
  return (left?.[0] ?? "") === (right?.[0] ?? "")
    ? Number(left?.[1] ?? 1) - Number(right?.[1] ?? 1)
    : a < b
      ? -1
      : 1;
}
