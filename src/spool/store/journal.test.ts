import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeFrame, frameBytes, journalBlockBytes, wholeBlocks } from "./journal-frame.ts";
import { openSegment } from "./journal-segment.ts";
import { readJournal, readNonces } from "./journal.ts";
import type { Write } from "./store.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "weir-journal-"));
  mkdirSync(join(directory, "journal"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const writes: readonly Write[] = [{ table: "queue", key: Buffer.from("a"), value: Buffer.alloc(1) }];
const pathOf = (name: string): string => join(directory, "journal", name);

/** Leaves frames of these numbers in a segment. */
async function fill(name: string, numbers: readonly number[]): Promise<void> {
  const segment = await openSegment(pathOf(name), 8 * journalBlockBytes, 8 * journalBlockBytes);
  await segment.begin(0);
  const frame = Buffer.alloc(wholeBlocks(frameBytes(writes)));
  for (const number of numbers) {
    encodeFrame(frame, segment.nonce, number, writes);
    await segment.append(number, frame, frame.length);
  }
  await segment.close();
}

test.each([
  [0, [], [1, 2], undefined],
  // Earlier versions began LMDB's mark again: what is in front of the first is no gap.
  [0, [], [5, 6], undefined],
  [0, [7, 8], [5, 6], undefined],
  [0, [], [5, 7], 1],
  [0, [9], [5, 6], 2],
  [4, [], [5, 6], undefined],
  [4, [], [7], 2],
  [1, [], [5], 3],
  [6, [7], [5, 6], undefined],
])("LMDB has all to %d, segments have %j and %j", async (applied, first, second, missing) => {
  await fill("0", first);
  await fill("1", second);
  const { frames, damage, cutOff } = await readJournal(directory, applied);
  expect(frames.map(({ sequence }) => sequence)).toEqual(
    [...second, ...first].filter((number) => number > applied),
  );
  expect(damage).toBe(missing && `${missing} commits in the journal cannot be read`);
  expect(cutOff).toBe(false);
});

test.each([
  [0, 1, true],
  [0, 2, false],
  [4, 5, true],
  [4, 1, false],
])(
  "LMDB has all to %d, and the only frame, of number %d, has lost its beginning",
  async (applied, number, cutOff) => {
    await fill("0", [number]);
    const octets = readFileSync(pathOf("0"));
    octets.fill(0, journalBlockBytes, journalBlockBytes + 4);
    writeFileSync(pathOf("0"), octets);
    expect(await readJournal(directory, applied)).toEqual({
      frames: [],
      cutOff,
      damage: undefined,
      isFinished: false,
    });
  },
);

test("a segment whose use is over is not read, one of another use is", async () => {
  await fill("0", [1, 2]);
  await fill("1", []);
  const finished = await readNonces(directory);
  expect(await readJournal(directory, 0, finished)).toMatchObject({ frames: [], isFinished: true });
  await fill("0", [3]);
  const { frames, isFinished } = await readJournal(directory, 2, finished);
  expect([frames.map(({ sequence }) => sequence), isFinished]).toEqual([[3], false]);
  expect((await readJournal(directory, 2)).isFinished).toBe(false);
});

test("heads that cannot be read are told, and end no use", async () => {
  await fill("0", [1]);
  await fill("1", []);
  const finished = await readNonces(directory);
  writeFileSync(pathOf("0"), readFileSync(pathOf("0")).fill(7, 0, journalBlockBytes));
  expect(await readNonces(directory)).toBeUndefined();
  const { damage, isFinished } = await readJournal(directory, 1, finished);
  expect([damage, isFinished]).toEqual([expect.stringContaining("segment 0"), false]);
});
