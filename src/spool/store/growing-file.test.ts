import { appendFileSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freeBytes, noSpace, openGrowingFile } from "./growing-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weir-growing-"));
  path = join(folder, "file");
});
afterEach(() => rmSync(folder, { recursive: true }));

const kib = 1024;

test.each([0, 1, 100, 256 * kib, 256 * kib + 1, 700 * kib])("grows by %d octets, no more", async (bytes) => {
  const file = openGrowingFile(path);
  expect([file.lengthBytes, statSync(path).mode & 0o777]).toEqual([0, 0o600]);
  await file.lengthen(bytes);
  expect(file.lengthBytes).toBe(bytes);
  expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(bytes);
  file.close();
});

test("behind what others put there, and over nothing of it", async () => {
  writeFileSync(path, "first");
  const file = openGrowingFile(path);
  await file.lengthen(10);
  appendFileSync(path, "then");
  await file.lengthen(1);
  expect([file.atLeastBytes, file.lengthBytes, file.atLeastBytes]).toEqual([0, 20, 20]);
  appendFileSync(path, "more");
  expect(file.atLeastBytes).toBe(20);
  file.close();
});

test("more than there is room for is refused before anything is written", async () => {
  const file = openGrowingFile(path);
  await expect(file.lengthen(2 ** 60)).rejects.toMatchObject({ code: "ENOSPC" });
  expect(file.lengthBytes).toBe(0);
  expect(await file.freeBytes()).toBeGreaterThan(0);
  file.close();
});

test("knows whether its path still leads to it", async () => {
  const file = openGrowingFile(path);
  expect(await file.isInPlace()).toBe(true);
  renameSync(path, `${path}.moved`);
  expect(await file.isInPlace()).toBe(false);
  writeFileSync(path, "another");
  expect(await file.isInPlace()).toBe(false);
  renameSync(`${path}.moved`, path);
  expect(await file.isInPlace()).toBe(true);
  rmSync(path);
  file.close();
  file.close();
  expect(await file.isInPlace()).toBe(true);
});

test("closed while it is looked for, it is in its place", async () => {
  for (const gone of [true, false]) {
    const file = openGrowingFile(path);
    rmSync(path);
    if (!gone) writeFileSync(path, "another");
    const looking = file.isInPlace();
    file.close();
    expect(await looking).toBe(true);
  }
});

test("a file system that tells nothing counts as endless; a full one is told as the system tells it", async () => {
  expect(await freeBytes(join(folder, "nowhere"))).toBe(Number.POSITIVE_INFINITY);
  expect(await freeBytes("/proc")).toBe(Number.POSITIVE_INFINITY);
  expect(noSpace()).toMatchObject({ code: "ENOSPC", message: expect.stringContaining("ENOSPC") });
});
