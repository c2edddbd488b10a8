/** Promise 6: damaged records and body files are set aside, all others go on. */
import { mkdtemp, readFile, readdir, rm, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open as openLmdb } from "lmdb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { messageKey } from "../../src/spool/store/keys.ts";
import { openLmdbSpool, type LmdbSpool } from "../../src/spool/lmdb-spool.ts";
import { submissionQueue } from "../../src/spool/spool.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { acceptMessage, doneAll, keepAll, patterned, readContent } from "../../src/testing/spool-messages.ts";

const clock = createFakeClock();
let directory: string;
let spool: LmdbSpool;
let damages: { id: number; what: string; setAside: string | undefined }[];

async function open() {
  damages = [];
  spool = await openLmdbSpool({ directory, clock });
  spool.onDamaged((damage) => damages.push(damage));
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-spool-damage-"));
  await open();
});
afterEach(async () => {
  await spool.close();
  await rm(directory, { recursive: true });
});

/** Changes records behind the spool's back, between two runs. */
async function whileClosed(change: (tables: Record<"messages" | "state", ReturnType<typeof table>>) => void) {
  await spool.close();
  const root = openLmdb({ path: directory, encoding: "binary", keyEncoding: "binary" });
  change({ messages: table(root, "messages"), state: table(root, "state") });
  await root.close();
  await open();
}

function table(root: ReturnType<typeof openLmdb>, name: string) {
  return root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" });
}

function flipBit(octets: Buffer, at: number): Buffer {
  const flipped = Buffer.from(octets);
  flipped[at] = (flipped[at] as number) ^ 0x10;
  return flipped;
}

async function bodyPath(id: number): Promise<string> {
  const bodies = join(directory, "bodies");
  for (const shard of await readdir(bodies))
    if ((await readdir(join(bodies, shard))).includes(String(id))) return join(bodies, shard, String(id));
  throw new Error(`message ${id} has no body file`);
}

test.each([
  ["in the magic", 0],
  ["in the checksum", 5],
  ["in the header's length", 9],
  ["in the header", 40],
  ["in the content", -1],
])("a bit flipped %s", async (_, at) => {
  const before = await acceptMessage(spool, "before");
  const { id } = await acceptMessage(spool, "damaged");
  const after = await acceptMessage(spool, "after");
  let damaged: Buffer = Buffer.alloc(0);
  await whileClosed(({ messages }) => {
    const record = messages.getBinary(messageKey(id)) as Buffer;
    damaged = flipBit(record, at < 0 ? record.length + at : at);
    messages.putSync(messageKey(id), damaged);
  });
  const claims = await spool.claim(submissionQueue, 10, clock.now());
  expect(claims.map(({ message }) => message.id)).toEqual([before.id, after.id]);
  expect(damages).toMatchObject([{ id, setAside: join(directory, "damaged", String(id)) }]);
  expect(damaged.equals(await readFile(join(directory, "damaged", String(id))))).toBe(true);
  expect(await readFile(join(directory, "damaged", `${id}.txt`), "utf8")).toContain(damages[0]?.what);
  expect(spool.size).toBe(2);
  expect(spool.queues()).toMatchObject([{ queue: submissionQueue, messages: 2 }]);
  for (const claim of claims) await spool.settle(claim, doneAll(claim));
  expect(spool.queues()).toEqual([]);
  await spool.close();
  await open();
  expect(spool.size).toBe(0);
  expect(spool.queues()).toEqual([]);
});

test("a damaged state, and an entry of another queue that nobody knows of any more", async () => {
  const { id } = await acceptMessage(spool, "x");
  const [claim] = await spool.claim(submissionQueue, 1, clock.now());
  if (claim === undefined) throw new Error("nothing to claim");
  await spool.settle(claim, keepAll(claim, "q", clock.now()));
  await whileClosed(({ state }) => {
    const record = state.getBinary(messageKey(id)) as Buffer;
    state.putSync(messageKey(id), flipBit(record, 10));
  });
  expect(await spool.claim("q", 10, clock.now())).toEqual([]);
  expect(damages).toMatchObject([{ id, what: "the state of its recipients does not match its checksum" }]);
  expect((await readdir(join(directory, "damaged"))).toSorted()).toEqual(
    ["", ".state", ".txt"].map((ending) => `${id}${ending}`),
  );
  expect(spool.queues()).toEqual([]);
});

test("a missing record leaves no entry behind", async () => {
  const { id } = await acceptMessage(spool, "x");
  const other = await acceptMessage(spool, "y");
  await whileClosed(({ messages }) => messages.removeSync(messageKey(id)));
  expect((await spool.claim(submissionQueue, 10, clock.now())).map(({ message }) => message.id)).toEqual([
    other.id,
  ]);
  expect(spool.queues()).toMatchObject([{ messages: 1 }]);
});

test.each([
  ["a bit is flipped", async (path: string) => writeFile(path, flipBit(await readFile(path), 150_000))],
  ["it is cut short", (path: string) => truncate(path, 150_000)],
  ["it has grown", (path: string) => truncate(path, 400_000)],
  ["it is empty", (path: string) => truncate(path, 0)],
  ["it is gone", unlink],
])("a body file: %s", async (_, damage) => {
  const content = patterned(300_000);
  const { id } = await acceptMessage(spool, content);
  await damage(await bodyPath(id));
  const [claim] = await spool.claim(submissionQueue, 10, clock.now());
  if (claim === undefined) throw new Error("nothing to claim");
  const chunks: Buffer[] = [];
  const reading = (async () => {
    for await (const chunk of claim.content.stream()) chunks.push(chunk);
  })();
  await expect(reading).rejects.toMatchObject({ name: "SpoolError", code: "damaged" });
  expect(Buffer.concat(chunks).length).toBeLessThan(content.length);
  await spool.setAside(claim, "torn");
  expect(damages).toMatchObject([{ id, what: "torn" }]);
  expect(spool.size).toBe(0);
});

test("bodies without a message are removed behind the open, all else stays", async () => {
  const { id } = await acceptMessage(spool, patterned(100_000));
  const shard = join(await bodyPath(id), "..");
  await spool.close();
  await writeFile(join(shard, "123"), "x");
  await writeFile(join(shard, "rubbish"), "x");
  await open();
  expect(await spool.sweepOrphans()).toBe(1);
  expect((await readdir(shard)).toSorted()).toEqual([String(id), "rubbish"].toSorted());
  const [claim] = await spool.claim(submissionQueue, 1, clock.now());
  expect(claim && patterned(100_000).equals(await readContent(claim.content))).toBe(true);
});
