import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBodyFiles, type BodyFiles } from "./body-file.ts";
import { highWaterBytes } from "./body-writer.ts";

let directory: string;
let files: BodyFiles;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-bodies-"));
  files = await openBodyFiles(directory);
});
afterAll(() => rm(directory, { recursive: true }));

const names = async () =>
  (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());

test("holds back its writer: a large body never waits in memory whole", async () => {
  const body = files.begin(1);
  const chunk = Buffer.alloc(64 * 1024, "x");
  let turns = 0;
  let unwrittenBytes = 0;
  for (let i = 0; i < 320; i++) {
    unwrittenBytes += chunk.length;
    if (body.write(chunk)) continue;
    expect(unwrittenBytes).toBeLessThanOrEqual(highWaterBytes);
    await body.whenWritable();
    unwrittenBytes = 0;
    turns++;
  }
  expect(turns).toBeGreaterThan(10);
  const crc = await body.finish();
  let sizeBytes = 0;
  for await (const part of files.read(1, 320 * chunk.length, crc)) sizeBytes += part.length;
  expect(sizeBytes).toBe(320 * chunk.length);
});

test("lets its writer go when it is discarded, and leaves no file", async () => {
  const before = await names();
  const body = files.begin(2);
  while (body.write(Buffer.alloc(64 * 1024)));
  const waiting = body.whenWritable();
  const discarding = body.discard();
  await waiting;
  await Promise.all([discarding, body.discard()]);
  expect(body.write(Buffer.alloc(1))).toBe(true);
  expect(await names()).toHaveLength(before.length);
});

test("a fault shows in finish, not before; the file is gone", async () => {
  const body = files.begin(1);
  expect(body.write(Buffer.from("the file is there already"))).toBe(true);
  await expect(body.finish()).rejects.toMatchObject({ name: "SpoolError", code: "failed" });
});

test("one that was begun by an earlier process and is not swept yet gives way to a new one", async () => {
  const known = new Set([4]);
  const others = await openBodyFiles(directory, { isOrphan: (id) => !known.has(id) });
  for (const id of [3, 4]) {
    const left = files.begin(id);
    left.write(Buffer.from("left"));
    await left.finish();
  }
  const fresh = others.begin(3);
  fresh.write(Buffer.from("new"));
  const crc = await fresh.finish();
  const chunks: Buffer[] = [];
  for await (const chunk of others.read(3, 3, crc)) chunks.push(chunk);
  expect(String(Buffer.concat(chunks))).toBe("new");
  const other = others.begin(4);
  other.write(Buffer.from("new"));
  await expect(other.finish()).rejects.toMatchObject({ code: "failed" });
});

test("sweeping removes bodies of no message, and leaves alone what people or file systems put beside them", async () => {
  const bodies = join(directory, "bodies");
  await writeFile(join(bodies, "README"), "");
  await mkdir(join(bodies, "lost+found"));
  await mkdir(join(bodies, "ab"));
  await writeFile(join(bodies, "ab", "notes.txt"), "");
  await mkdir(join(bodies, "ab", "17"));
  await writeFile(join(bodies, "ab", "18"), "");
  await writeFile(join(bodies, "ab", "19"), "");
  await writeFile(join(bodies, "ff"), "");
  await writeFile(join(bodies, "ab", "20"), "");
  await files.sweep({ lastId: 18, isKept: (id) => id === 17 || id === 19, isOver: () => false });
  expect((await readdir(join(bodies, "ab"))).sort()).toEqual(["17", "19", "notes.txt"]);
  expect(await readdir(bodies)).toEqual(expect.arrayContaining(["README", "lost+found", "ff"]));
});
