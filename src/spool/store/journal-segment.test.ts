import {
  constants,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeFrame, frameBytes, journalBlockBytes, wholeBlocks } from "./journal-frame.ts";
import { framesIn, hasBrokenFrame, isHeadless, openSegment, type Segment } from "./journal-segment.ts";
import type { Write } from "./store.ts";

const block = journalBlockBytes;
let folder: string;
let path: string;
let segment: Segment;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weir-segment-"));
  path = join(folder, "0");
});
afterEach(async () => {
  await segment.close();
  rmSync(folder, { recursive: true });
});

const put = (key: string, bytes = 1): Write => ({
  table: "queue",
  key: Buffer.from(key),
  value: Buffer.alloc(bytes),
});
async function append(number: number, writes: readonly Write[]): Promise<void> {
  const bytes = wholeBlocks(frameBytes(writes));
  const frame = Buffer.alloc(bytes);
  encodeFrame(frame, segment.nonce, number, writes);
  await segment.append(number, frame, bytes);
}
const found = () =>
  framesIn(readFileSync(path)).frames.map(
    ({ sequence, writes }) => `${sequence}: ${writes.map(({ key }) => String(key)).join(" ")}`,
  );

test("frames one behind the other, until it is begun anew", async () => {
  segment = await openSegment(path, 4 * block, 64 * block);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await segment.begin(0);
  expect([segment.endBytes, segment.lastNumber, segment.usableBytes]).toEqual([block, 0, 4 * block]);
  await append(7, [put("a"), put("b")]);
  await append(8, [put("c", block)]);
  expect([segment.endBytes, segment.lastNumber]).toEqual([4 * block, 8]);
  expect(found()).toEqual(["7: a b", "8: c"]);

  const before = segment.nonce;
  await segment.begin(0);
  expect([segment.endBytes, segment.lastNumber]).toEqual([block, 0]);
  expect(segment.nonce.equals(before)).toBe(false);
  // What stood in it has another nonce.
  expect(found()).toEqual([]);
  await append(9, [put("d")]);
  expect(found()).toEqual(["9: d"]);
});

test("is as long as it is wanted, never shorter, and used up to its limit", async () => {
  segment = await openSegment(path, 3 * block, 8 * block);
  const lengths: number[] = [];
  for (const wanted of [2 * block, 5 * block, 4 * block, 20 * block]) {
    await segment.begin(wanted);
    lengths.push(statSync(path).size / block, segment.usableBytes / block);
  }
  expect(lengths).toEqual([3, 3, 5, 5, 5, 5, 20, 8]);
});

test("a disk without room leaves it as long as it is", async () => {
  segment = await openSegment(path, 3 * block, 2 ** 60);
  await segment.begin(2 ** 60);
  expect(segment.usableBytes).toBe(3 * block);
});

test("one that others cut within a block is used up to the block before", async () => {
  writeFileSync(path, Buffer.alloc(5 * block + 17));
  segment = await openSegment(path, block, 64 * block);
  expect(segment.usableBytes).toBe(5 * block);
  truncateSync(path, 4 * block - 1);
  expect(segment.usableBytes).toBe(5 * block);
  await segment.begin(0);
  expect(segment.usableBytes).toBe(3 * block);
});

test.runIf(process.platform === "linux")("each write reaches the disk before it is answered", async () => {
  segment = await openSegment(path, 2 * block, 2 * block);
  const flags = descriptorsOf(path).map((fd) => {
    const [, octal = "0"] = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")) ?? [];
    return Number.parseInt(octal, 8);
  });
  const forFrames = flags.filter((flag) => (flag & constants.O_RDWR) !== 0);
  expect(forFrames.map((flag) => (flag & constants.O_DSYNC) !== 0)).toEqual([true]);
});

function descriptorsOf(file: string): readonly string[] {
  const { ino } = statSync(file);
  return readdirSync("/proc/self/fd").filter(
    (fd) => statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false })?.ino === ino,
  );
}

test("a head that cannot be read is told from one that never was", async () => {
  segment = await openSegment(path, 2 * block, 2 * block);
  expect([isHeadless(Buffer.alloc(0)), isHeadless(readFileSync(path))]).toEqual([false, false]);
  await segment.begin(0);
  const whole = readFileSync(path);
  expect(isHeadless(whole)).toBe(false);
  const damaged = (...offsets: readonly number[]): Buffer => {
    const octets = Buffer.from(whole);
    for (const at of offsets) octets[at] = (octets[at] as number) ^ 1;
    return octets;
  };
  const [first, second] = [0, block / 2];
  for (const at of [0, 3, 4, 7, 8, 23]) {
    expect(isHeadless(damaged(first + at)), `${at}`).toBe(false);
    expect(isHeadless(damaged(first + at, second + at)), `${at}`).toBe(true);
  }
  expect(isHeadless(damaged(first + 24, second + 24))).toBe(false);
  expect(isHeadless(damaged(0, second).subarray(0, block - 1))).toBe(false);
});

test("a frame that is begun and not whole is seen, cut off or with any of its bits flipped", async () => {
  segment = await openSegment(path, 6 * block, 6 * block);
  await segment.begin(0);
  await append(7, [put("a")]);
  const last: Write[] = [{ table: "queue", key: Buffer.from("b"), value: Buffer.alloc(block + 60, "x") }];
  await append(8, last);
  const whole = readFileSync(path);
  const isBroken = (octets: Buffer, number: number): boolean =>
    hasBrokenFrame(octets, framesIn(octets).endBytes, number);
  expect([isBroken(whole, 8), isBroken(whole, 9)]).toEqual([false, false]);

  const from = 2 * block;
  const cut = Buffer.from(whole).fill(0, from + block);
  expect(isBroken(cut, 8)).toBe(true);
  const written = frameBytes(last);
  for (let bit = 0; bit < written * 8; bit += bit < 512 ? 1 : 997) {
    const octets = Buffer.from(whole);
    octets[from + (bit >> 3)]! ^= 1 << (bit & 7);
    const unread = framesIn(octets).frames.length === 1;
    expect([bit, unread, isBroken(octets, 8)]).toEqual([bit, true, true]);
  }
});

test.runIf(process.platform === "linux")(
  "one that cannot be made as long as it must be keeps no descriptor",
  async () => {
    segment = await openSegment(path, block, block);
    const other = join(folder, "1");
    await expect(openSegment(other, 2 ** 62, 2 ** 62)).rejects.toMatchObject({ code: expect.any(String) });
    const held = readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    });
    expect(held).not.toContain(other);
  },
);
