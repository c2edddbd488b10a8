import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFakeClock, type FakeClock } from "../testing/fake-clock.ts";
import { surplus } from "./capture-bounds.ts";
import { createCaptureBox, type CaptureBox } from "./capture-box.ts";
import type { CapturedMessage } from "./captured-message.ts";

let root: string;
let directory: string;
let clock: FakeClock;
const bounds = { maxMessages: 3, maxSizeBytes: 1000, maxAgeMs: 60_000 };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "weir-capture-"));
  directory = join(root, "captured");
  clock = createFakeClock();
});
afterEach(() => rm(root, { recursive: true, force: true }));

const openBox = (given: Partial<typeof bounds> = {}): CaptureBox =>
  createCaptureBox({
    directory,
    clock,
    bounds: () => ({ ...bounds, ...given }),
    onFault: (error) => {
      throw error;
    },
  });
const messageOf = (id: string, given: Partial<CapturedMessage> = {}): CapturedMessage => ({
  id,
  capturedAt: clock.wall().getTime(),
  connector: "Tests",
  mailFrom: "a@b.test",
  rcptTo: ["c@d.test"],
  subject: "s",
  messageId: "",
  sizeBytes: 5,
  sourceAddress: "127.0.0.1",
  helloName: "h",
  user: undefined,
  ...given,
});
async function* octets(...texts: string[]): AsyncIterable<Buffer> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}
const keep = (
  box: CaptureBox,
  id: string,
  given: Partial<CapturedMessage> = {},
  text = "he\nlo",
): Promise<void> => box.keep(messageOf(id, given), octets(text));
const read = async (box: CaptureBox, id: string): Promise<string | undefined> => {
  const content = await box.contentOf(id);
  if (content === undefined) return undefined;
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces).toString();
};
const ids = async (box: CaptureBox): Promise<string[]> => (await box.all()).map(({ id }) => id);

test("kept, told, read, and there again after a restart, the latest first", async () => {
  const box = openBox();
  const told: string[] = [];
  const leave = box.onKept(({ id }) => told.push(id));
  await keep(box, "1-0");
  await clock.advance(10);
  await keep(box, "2-0", { rcptTo: Array.from({ length: 5_000 }, (_, n) => `recipient${n}@d.test`) });
  leave();
  const again = openBox();
  expect([await ids(box), await ids(again), told]).toEqual([
    ["2-0", "1-0"],
    ["2-0", "1-0"],
    ["1-0", "2-0"],
  ]);
  expect([await read(again, "1-0"), await read(again, "2-0"), await read(again, "3-0")]).toEqual([
    "he\nlo",
    "he\nlo",
    undefined,
  ]);
  expect((await again.find("2-0"))?.rcptTo).toHaveLength(5_000);
});

test("the same once more, as after a kill between file and spool, is there once", async () => {
  const box = openBox();
  await keep(box, "1-0");
  await keep(box, "1-0", {}, "again");
  expect([await ids(box), await read(box, "1-0"), (await readdir(directory)).length]).toEqual([
    ["1-0"],
    "again",
    1,
  ]);
});

test("what is half written, cut off or not ours is nothing, and drafts go", async () => {
  await mkdir(directory);
  await keep(openBox(), "1-0");
  await keep(openBox(), "2-0");
  await truncate(join(directory, "2-0.captured"), 20);
  const whole = await readFile(join(directory, "1-0.captured"));
  for (const [name, content] of [
    ["3-0.captured.tmp", "half"],
    ["4-0.captured", whole],
    ["5-0.captured", "null\n"],
    ["6-0.captured", ""],
    ["notes.txt", "mine"],
  ] as const)
    await writeFile(join(directory, name), content);
  expect(await ids(openBox())).toEqual(["1-0"]);
  expect((await readdir(directory)).toSorted()).toEqual([
    "1-0.captured",
    "2-0.captured",
    "4-0.captured",
    "5-0.captured",
    "6-0.captured",
    "notes.txt",
  ]);
});

test("content that breaks off leaves nothing, and is told to who keeps it", async () => {
  const box = openBox();
  async function* broken(): AsyncIterable<Buffer> {
    yield await Promise.resolve(Buffer.from("half"));
    throw new Error("EIO");
  }
  await expect(box.keep(messageOf("1-0"), broken())).rejects.toThrow("EIO");
  expect([await ids(box), await readdir(directory)]).toEqual([[], []]);
});

describe("its bounds", () => {
  test("the oldest go by number, and their files with them", async () => {
    const box = openBox();
    for (const id of ["1-0", "2-0", "3-0", "4-0"]) await keep(box, id);
    expect([await ids(box), (await readdir(directory)).length]).toEqual([["4-0", "3-0", "2-0"], 3]);
  });

  test("by age, also when nothing comes", async () => {
    const box = openBox();
    await keep(box, "1-0");
    await clock.advance(60_001);
    expect([await ids(box), await readdir(directory)]).toEqual([[], []]);
  });

  test("an order of those that come at once is kept within the bounds", async () => {
    const box = openBox({ maxMessages: 10 });
    await Promise.all(Array.from({ length: 100 }, (_, n) => keep(box, `${n}-0`)));
    expect([(await box.all()).length, (await readdir(directory)).length]).toEqual([10, 10]);
  });

  test("removed are those that were there", async () => {
    const box = openBox();
    await keep(box, "1-0");
    expect([
      await box.remove(["1-0", "2-0", "../x"]),
      await box.remove(["1-0"]),
      await readdir(directory),
    ]).toEqual([1, 0, []]);
  });

  test.each([
    ["nothing too much", [[0, 5]], []],
    [
      "by size, the oldest",
      [
        [0, 600],
        [0, 600],
      ],
      [0],
    ],
    [
      "one that is larger than all stays alone",
      [
        [0, 5],
        [0, 5_000],
      ],
      [0],
    ],
    ["and alone", [[0, 5_000]], []],
    ["but not for ever", [[70_000, 5_000]], [0]],
    [
      "an old one behind a young one stays, for the clock was set",
      [
        [0, 5],
        [70_000, 5],
      ],
      [],
    ],
  ] as const)("%s", (_what, given, gone) => {
    const messages = given.map(([age, sizeBytes]) => ({ message: { capturedAt: 100_000 - age, sizeBytes } }));
    const sizeBytes = given.reduce((sum, [, size]) => sum + size, 0);
    expect(
      surplus(messages, messages.length, sizeBytes, bounds, 100_000).map((one) => messages.indexOf(one)),
    ).toEqual(gone);
  });
});
