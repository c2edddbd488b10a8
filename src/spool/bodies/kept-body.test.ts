import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { bodyBlockBytes, bodyBlocks, KeptBody } from "./body-blocks.ts";
import { openBodyFiles } from "./body-file.ts";
import type { BodyMemory } from "./body-writer.ts";
import { openLmdbSpool, type LmdbSpool } from "../lmdb-spool.ts";
import { submissionQueue, type Claim } from "../spool.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-kept-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Content that tells where each octet belongs. */
function numbered(sizeBytes: number, seed: number): Buffer {
  const octets = Buffer.allocUnsafe(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) octets[i] = (i * 7 + seed * 31 + (i >> 8)) & 0xff;
  return octets;
}

async function read(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

test.each([
  ["nobody asked for it", 0, 0, true],
  ["its only reader is done", 1, 1, true],
  ["its reader never said so", 1, 0, false],
  ["one of two readers is done", 2, 1, false],
])("blocks are used again when %s: %#", (_, readers, done, reused) => {
  const blocks = bodyBlocks();
  const block = blocks.take();
  const body = new KeptBody([block.subarray(0, 10)], blocks);
  for (let i = 0; i < readers; i++) body.stream();
  for (let i = 0; i < done; i++) body.giveBack();
  body.end();
  const next = blocks.take();
  expect(next).toHaveLength(bodyBlockBytes);
  expect(next.buffer === block.buffer).toBe(reused);
});

test("a body that finds no more memory is written all the same, and takes none", async () => {
  let takenBytes = 0;
  const memory: BodyMemory = {
    reserve(bytes) {
      if (takenBytes + bytes > 3 * bodyBlockBytes) return false;
      takenBytes += bytes;
      return true;
    },
    free: (bytes) => void (takenBytes -= bytes),
  };
  const files = await openBodyFiles(directory);
  for (const [id, blocks] of [
    [1, 3],
    [2, 4],
    [3, 40],
  ] as const) {
    const content = numbered(blocks * bodyBlockBytes - 100, id);
    const body = files.begin(id, memory);
    for (let at = 0; at < content.length; at += 10_000) {
      if (!body.write(content.subarray(at, at + 10_000))) await body.whenWritable();
    }
    const crc = await body.finish();
    const kept = body.takeKept();
    expect(takenBytes).toBe(0);
    expect(kept !== undefined).toBe(blocks <= 3);
    if (kept !== undefined) expect((await read(kept.stream())).equals(content)).toBe(true);
    expect((await read(files.read(id, content.length, crc))).equals(content)).toBe(true);
  }
  const discarded = files.begin(4, memory);
  discarded.write(numbered(2 * bodyBlockBytes, 4));
  expect(takenBytes).toBe(2 * bodyBlockBytes);
  await discarded.discard();
  expect(takenBytes).toBe(0);
});

const facts = { dotLines: 0, eightBit: true, endsWithCrlf: false };
const envelope = {
  reversePath: "a@a.test",
  recipients: [{ forwardPath: "b@b.test" }],
  body: "8BITMIME",
  smtpUtf8: false,
} as const;
const origin = { connector: "c", sourceAddress: "127.0.0.1", helloName: "h", sessionId: "1" };

async function accepted(spool: LmdbSpool, content: Buffer): Promise<void> {
  const draft = spool.begin();
  const scratch = Buffer.from(content);
  draft.write(scratch);
  // The draft has its own copy.
  scratch.fill(0);
  await spool.accept(draft, envelope, origin, facts);
}

test("fresh large mail is read from memory, and from disk when its claim was given back", async () => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1));
  const spool = await openLmdbSpool({ directory, clock });
  const claims: Claim[] = [];
  spool.onAccepted({ hasRoom: () => true, take: (claim) => claims.push(claim), waits: () => undefined });
  const contents = Array.from({ length: 12 }, (_, seed) => numbered(300_000 + seed, seed));
  // In turns: while one is sent the next arrives in the blocks of those that are gone.
  for (const [i, content] of contents.entries()) {
    await accepted(spool, content);
    const claim = claims[i] as Claim;
    expect((await read(claim.content.stream())).equals(content)).toBe(true);
    if (i % 3 === 2) {
      spool.release(claim, clock.now() + 1000);
      continue;
    }
    if (i % 3 === 0) claim.content.giveBack?.();
    await spool.settle(claim, [{ index: 0, kind: "done" }]);
  }
  await clock.advance(2000);
  const again = await spool.claim(submissionQueue, 10, clock.now());
  expect(again).toHaveLength(4);
  for (const [i, claim] of again.entries())
    expect((await read(claim.content.stream())).equals(contents[3 * i + 2] as Buffer)).toBe(true);
  await spool.close();
});
