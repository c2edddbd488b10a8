import type { FileHandle } from "node:fs/promises";
import { expect, test } from "vitest";
import { patterned } from "../../testing/spool-messages.ts";
import { SpoolError } from "../spool.ts";
import { bodyBlockBytes, bodyBlocks } from "./body-blocks.ts";
import { highWaterBytes, writeBody, type BodyMemory } from "./body-writer.ts";

type Step = "open" | "writev" | "datasync" | "close" | "syncEntry" | "remove";

/** A file that takes at most so many octets with each write, and fails at a step. */
function scripted({ takes = () => Infinity, fails }: { takes?: () => number; fails?: Step } = {}) {
  const steps: Step[] = [];
  const written: Buffer[] = [];
  const step = async (name: Step): Promise<void> => {
    if (steps.at(-1) !== name) steps.push(name);
    await Promise.resolve();
    if (name === fails) throw new Error(`no ${name}`);
  };
  const handle = {
    writev: async (buffers: readonly Buffer[]) => {
      await step("writev");
      const taken = Buffer.concat(buffers).subarray(0, takes());
      written.push(Buffer.from(taken));
      return { bytesWritten: taken.length };
    },
    datasync: () => step("datasync"),
    close: () => step("close"),
  } as unknown as FileHandle;
  const file = {
    open: async () => {
      await step("open");
      return handle;
    },
    syncEntry: () => step("syncEntry"),
    remove: () => step("remove"),
    faultFrom: async (fault: unknown) => new SpoolError("failed", String(fault)),
  };
  return { file, steps, written };
}

const counted = () => {
  const memory = {
    takenBytes: 0,
    reserve: (bytes: number) => {
      memory.takenBytes += bytes;
      return true;
    },
    free: (bytes: number) => void (memory.takenBytes -= bytes),
  };
  return memory satisfies BodyMemory;
};

const content = patterned(1_000_000);

test.each([
  ["all it is given", () => Infinity],
  ["a block", () => bodyBlockBytes],
  ["a block and an octet", () => bodyBlockBytes + 1],
  ["half a block", () => bodyBlockBytes / 2],
  [
    "now more, now less",
    (() => {
      let turn = 0;
      return () => 1_000 + (turn++ % 7) * 40_000;
    })(),
  ],
])("every octet is written once, in order, where the disk takes %s", async (_, takes) => {
  const { file, written, steps } = scripted({ takes });
  const body = writeBody(bodyBlocks(), undefined, file);
  for (let at = 0; at < content.length; at += 7_001)
    if (!body.write(content.subarray(at, at + 7_001))) await body.whenWritable();
  await body.finish();
  expect(Buffer.concat(written).equals(content)).toBe(true);
  // Durable are the octets, then the entry.
  expect(steps).toEqual(["open", "writev", "datasync", "close", "syncEntry"]);
});

test("a body without an octet is a file all the same", async () => {
  const { file, steps } = scripted();
  const body = writeBody(bodyBlocks(), undefined, file);
  expect(await body.finish()).toBe(0);
  expect(steps).toEqual(["open", "datasync", "close", "syncEntry"]);
});

test.each(["open", "writev", "datasync", "close", "syncEntry"] as const)(
  "where %s fails, finish says so, nothing is left, and memory is free",
  async (fails) => {
    const { file, steps } = scripted({ fails });
    const memory = counted();
    const body = writeBody(bodyBlocks(), memory, file);
    for (let at = 0; at < content.length; at += 10_000)
      if (!body.write(content.subarray(at, at + 10_000))) await body.whenWritable();
    await expect(body.finish()).rejects.toThrow(`no ${fails}`);
    expect([steps.at(-1), memory.takenBytes, body.takeKept()]).toEqual(["remove", 0, undefined]);
    expect(steps.filter((step) => step === "close")).toHaveLength(fails === "open" ? 0 : 1);
  },
);

test("a writer that waits goes on when the disk has failed, and nothing holds it back then", async () => {
  const { file } = scripted({ fails: "writev" });
  const body = writeBody(bodyBlocks(), undefined, file);
  while (body.write(content.subarray(0, 10_000)));
  await body.whenWritable();
  for (let at = 0; at < 2 * highWaterBytes; at += 10_000)
    expect(body.write(content.subarray(0, 10_000))).toBe(true);
  await expect(body.finish()).rejects.toThrow("no writev");
});

test("what is discarded is closed, then removed, once, however far it got", async () => {
  for (const bytes of [0, 10_000, 300_000]) {
    const { file, steps } = scripted();
    const memory = counted();
    const body = writeBody(bodyBlocks(), memory, file);
    body.write(content.subarray(0, bytes));
    await Promise.all([body.discard(), body.discard()]);
    expect(steps).toEqual(bytes < 200_000 ? ["remove"] : ["open", "close", "remove"]);
    expect(memory.takenBytes).toBe(0);
    await expect(body.finish()).rejects.toMatchObject({ code: "failed" });
  }
});

test("a block that is written and kept by nobody serves the next body", async () => {
  const given: Buffer[] = [];
  const blocks = {
    take: () => Buffer.alloc(bodyBlockBytes),
    give: (octets: Buffer) => void given.push(octets),
  };
  const write = async (memory: BodyMemory | undefined) => {
    given.length = 0;
    const body = writeBody(blocks, memory, scripted().file);
    body.write(content.subarray(0, 5 * bodyBlockBytes));
    await body.finish();
    return { body, given: given.length };
  };
  expect((await write(undefined)).given).toBe(5);
  const { body, given: whileKept } = await write(counted());
  expect(whileKept).toBe(0);
  body.takeKept()?.end();
  expect(given).toHaveLength(5);
  // The fourth finds no memory: those before it are let go, each once.
  let left = 3;
  expect((await write({ reserve: () => left-- > 0, free: () => undefined })).given).toBe(5);
  expect(new Set(given).size).toBe(5);
});
