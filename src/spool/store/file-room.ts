/**
 * Room for LMDB's next commit, made before it is begun. When a page cannot be written, LMDB 3.5.6 of lmdb-js
 * formats its error into too small a buffer and may take the process down; so the data file is always longer,
 * by blocks that are really allocated, than the next commit can need, and a full disk is found out here.
 * (File systems that copy on write, and disks that fail, are beyond this.)
 */
import type { GrowingFile } from "./growing-file.ts";

/** What the writes of a commit take. */
export interface RoomNeed {
  readonly writes: number;
  /** Pages for values, at most. */
  readonly valuePages: number;
  /** Pages among them that must stand side by side: those of values longer than a page. */
  readonly adjoiningPages: number;
}

/** How LMDB's data file is used. */
export interface FileUse {
  readonly pageBytes: number;
  /** Pages up to the last one in use. */
  readonly pages: number;
  /** Pages among them that are free. How they lie is not known: every second one, perhaps. */
  readonly freePages: number;
  readonly branchPages: number;
}

/** A commit's need, and what of it free pages can never serve; in octets. */
export interface NeedBytes {
  readonly all: number;
  readonly adjoining: number;
}

const mib = 1024 * 1024;
/** Kept back from new mail at the end of the file, so that a full disk can drain. */
const reserveBytes = 2 * mib;
/** What new mail leaves of the reserve when the pages of drained mail are there to be used again. */
const newMailLeavesBytes = mib;
/** What changes leave of it, when free pages serve them. */
const changesLeaveBytes = mib / 4;
/** What the file grows by on a disk that is nearly full. */
const shortStepBytes = mib / 4;
/** What a commit takes beside what `needBytes` counts: the list of free pages, roots, split branches. */
const sparePages = 64;

/** What a commit takes at most: its values, a leaf and half of a split one for every write, the branches above. */
export function needBytes(
  { writes, valuePages, adjoiningPages }: RoomNeed,
  { pageBytes, branchPages }: Pick<FileUse, "pageBytes" | "branchPages">,
): NeedBytes {
  const branches = Math.min(3 * writes, branchPages) + (writes >> 3);
  const pages = sparePages + valuePages + 2 * writes + branches;
  return { all: pages * pageBytes, adjoining: adjoiningPages * pageBytes };
}

/** Whether the tail, the part of the file behind the last page in use, serves a commit without a question. */
export function isAmple(need: NeedBytes, tailBytes: number): boolean {
  return tailBytes >= need.all + reserveBytes;
}

/**
 * Whether a commit can be made though the file cannot become longer. Changes that shrink the spool may use the
 * reserve. Single pages may come from the free ones, if there are many; values of several pages must fit in the
 * tail, for free pages may all lie apart.
 */
export function isEnoughOnFullDisk(
  need: NeedBytes,
  { tailBytes, unusedBytes }: { readonly tailBytes: number; readonly unusedBytes: number },
  mayUseReserve: boolean,
): boolean {
  if (isAmple(need, tailBytes) || (mayUseReserve && tailBytes >= need.all)) return true;
  const isDrained = unusedBytes >= 4 * need.all + reserveBytes;
  if (!isDrained) return false;
  return mayUseReserve
    ? tailBytes >= need.adjoining + changesLeaveBytes
    : tailBytes >= need.all + newMailLeavesBytes;
}

/**
 * Makes the data file long enough for commits of `need`, one that is under way included, and keeps the
 * reserve behind it. Rejects with the system's error when there is no room. Cost: a few sums; as the tail comes to its end
 * a system call, and some megabytes of zeros.
 */
export async function ensureRoom(
  file: GrowingFile,
  need: NeedBytes,
  use: FileUse,
  mayUseReserve: boolean,
): Promise<void> {
  if (isAmple(need, tailOf(file.atLeastBytes, use))) return;
  const room = roomIn(file, use);
  if (isAmple(need, room.tailBytes)) return;
  try {
    await addToTail(file, need.all + reserveBytes - room.tailBytes);
  } catch (error) {
    if (!isEnoughOnFullDisk(need, room, mayUseReserve)) throw error;
  }
}

/** The same for a commit that is begun now and may use the reserve: the file becomes longer only if it must. */
export async function requireRoom(file: GrowingFile, need: NeedBytes, use: FileUse): Promise<void> {
  if (isAmple(need, tailOf(file.atLeastBytes, use))) return;
  const room = roomIn(file, use);
  if (!isEnoughOnFullDisk(need, room, true)) await addToTail(file, need.all - room.tailBytes);
}

function roomIn({ lengthBytes }: GrowingFile, use: FileUse) {
  return { tailBytes: tailOf(lengthBytes, use), unusedBytes: use.freePages * use.pageBytes };
}

/** Below zero when LMDB wrote the last page only in part. */
function tailOf(lengthBytes: number, { pages, pageBytes }: FileUse): number {
  return lengthBytes - pages * pageBytes;
}

/** In steps that grow with the file, as long as the disk has many of them. */
async function addToTail(file: GrowingFile, missingBytes: number) {
  const longStepBytes = Math.max(mib, Math.min(16 * mib, Math.floor(file.lengthBytes / 8)));
  const hasMany = (await file.freeBytes()) > missingBytes + 4 * longStepBytes;
  const stepBytes = hasMany ? longStepBytes : shortStepBytes;
  await file.lengthen(Math.ceil(missingBytes / stepBytes) * stepBytes);
}
