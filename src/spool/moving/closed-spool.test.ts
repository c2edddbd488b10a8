/** A spool that is read while no relay runs: all that its relay kept, and nothing changed. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSystemClock } from "../../ports/system-ports.ts";
import {
  acceptMessage,
  envelopeTo,
  firstTurn,
  keepAll,
  origin,
  patterned,
  plainFacts,
  takeAll,
  writeAll,
} from "../../testing/spool-messages.ts";
import { decodeAnswer } from "../answers/answer-record.ts";
import { openLmdbSpool } from "../lmdb-spool.ts";
import { decodeMessage, decodeMessageHeader, decodeState } from "../messages/record.ts";
import type { Claim } from "../spool.ts";
import { openClosedSpool } from "./closed-spool.ts";
import { movedMarkFile, readMovedMark, whyMoved, writeMovedMark } from "./moved-mark.ts";

let directory: string;
const clock = createSystemClock();
beforeEach(async () => {
  directory = await mkdtemp(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "weir-closed-"));
});
afterEach(() => rm(directory, { recursive: true }));
const run = () => openLmdbSpool({ directory, clock });

test("its messages by id, a page at a time, with what became of them, and their contents", async () => {
  const spool = await run();
  const claims: Claim[] = [];
  spool.onAccepted(takeAll((claim) => claims.push(claim)));
  const small = await acceptMessage(spool, Buffer.from("small"));
  const large = await acceptMessage(spool, patterned(300_000));
  await spool.settle(claims[0]!, keepAll(claims[0]!, "Out", 4_711));
  await expect(openClosedSpool(directory, clock)).rejects.toThrow();
  await spool.close();

  const closed = await openClosedSpool(directory, clock);
  try {
    expect([closed.messages, closed.faults, closed.mark]).toEqual([2, [], undefined]);
    const [first, ...others] = closed.after(-1, 1);
    expect([first?.id, others]).toEqual([small.id, []]);
    const kept = decodeMessage(small.id, first!.record);
    expect(kept).toMatchObject({
      message: { id: small.id, envelope: small.envelope },
      content: Buffer.from("small"),
    });
    expect(decodeState(first!.state!)).toMatchObject([{ index: 0, queue: "Out", dueAt: 4_711 }]);
    const rest = closed.after(small.id, 10);
    expect(rest.map(({ id, state }) => [id, state])).toEqual([[large.id, undefined]]);
    const { message, content } = decodeMessage(large.id, rest[0]!.record) as Exclude<
      ReturnType<typeof decodeMessage>,
      string
    >;
    if (Buffer.isBuffer(content)) throw new Error("its content is in a file");
    const read = async (crc: number): Promise<Buffer> => {
      const pieces: Buffer[] = [];
      for await (const piece of closed.body(large.id, message.content.sizeBytes, crc)) pieces.push(piece);
      return Buffer.concat(pieces);
    };
    expect((await read(content.bodyCrc)).equals(patterned(300_000))).toBe(true);
    await expect(read(content.bodyCrc ^ 1)).rejects.toMatchObject({ code: "damaged" });
    expect([closed.after(large.id, 10), closed.answers(undefined, 10), await closed.remains()]).toEqual([
      [],
      [],
      [],
    ]);
  } finally {
    await closed.close();
  }
  // Nothing was taken from it.
  const again = await run();
  expect([again.size, await again.find(small.id)]).toMatchObject([2, { places: [{ queue: "Out" }] }]);
  await again.close();
});

test("answers that were given, by hash, a page at a time", async () => {
  const spool = await run();
  for (const key of ["a", "b", "c"]) {
    const draft = spool.begin();
    await writeAll(draft, Buffer.from(key));
    const turn = await firstTurn(spool, { scope: "s", key });
    const answer = { turn, fingerprint: Buffer.alloc(32, key), answer: `to ${key}`, windowMs: 60_000 };
    await spool.accept(draft, envelopeTo("b@d.test"), origin, plainFacts, { answer });
  }
  await spool.close();
  const closed = await openClosedSpool(directory, clock);
  const first = closed.answers(undefined, 2);
  const rest = closed.answers(first.at(-1)?.hash, 2);
  await closed.close();
  const all = [...first, ...rest];
  expect([first.length, rest.length]).toEqual([2, 1]);
  expect(all.map(({ hash }) => hash.toString("hex"))).toEqual(
    all.map(({ hash }) => hash.toString("hex")).toSorted(),
  );
  expect(all.map(({ record }) => decodeAnswer(record)?.answer ?? "").toSorted()).toEqual([
    "to a",
    "to b",
    "to c",
  ]);
});

test("what was set aside, with what is left of it", async () => {
  const spool = await run();
  await spool.close();
  const damaged = join(directory, "damaged");
  await mkdir(damaged);
  const files: readonly (readonly [string, string])[] = [
    ["12", "record"],
    ["12.txt", "Message 12 was set aside: the record is odd.\n12: the record\n"],
    ["12.state", "state"],
    ["12.body", "content"],
    ["7", ""],
    ["7.txt.new", "half"],
    ["notes", "of a person"],
  ];
  for (const [name, text] of files) await writeFile(join(damaged, name), text);
  const closed = await openClosedSpool(directory, clock);
  const remains = await closed.remains();
  await closed.close();
  expect(remains).toEqual([
    { id: 7, what: "it was set aside", record: undefined, state: undefined, bodyFile: undefined },
    {
      id: 12,
      what: "Message 12 was set aside: the record is odd.",
      record: Buffer.from("record"),
      state: Buffer.from("state"),
      bodyFile: join(damaged, "12.body"),
    },
  ]);
});

test("where there is none, nothing is made", async () => {
  await expect(openClosedSpool(directory, clock)).rejects.toMatchObject({
    code: "failed",
    message: `there is no spool in ${directory}`,
  });
  await expect(openClosedSpool(join(directory, "none"), clock)).rejects.toThrow("there is no spool in");
  expect(await readdir(directory)).toEqual([]);
});

describe("the mark of one whose mail was moved", () => {
  const mark = { source: "s1", database: "weir on db1", begunAt: "2026-11-29T10:00:00Z" };
  test("is there as it was written, and keeps a relay from the directory", async () => {
    expect(await readMovedMark(directory)).toBeUndefined();
    expect(whyMoved("/d", undefined)).toBeUndefined();
    await writeMovedMark(directory, mark);
    expect(await readMovedMark(directory)).toEqual(mark);
    expect(whyMoved("/d", mark)).toContain(
      "a part of the mail in /d is in weir on db1 since 2026-11-29T10:00:00Z",
    );
    await expect(run()).rejects.toThrow("weir cluster import again");
    const ended = { ...mark, endedAt: "2026-11-29T11:00:00Z" };
    await writeMovedMark(directory, ended);
    expect(await readMovedMark(directory)).toEqual(ended);
    expect(whyMoved("/d", ended)).toContain("was moved into weir on db1 at 2026-11-29T11:00:00Z");
  });

  test("is told by who reads the spool", async () => {
    await (await run()).close();
    await writeMovedMark(directory, mark);
    const closed = await openClosedSpool(directory, clock);
    await closed.close();
    expect(closed.mark).toEqual(mark);
  });

  test.each<[string, object | string, RegExp]>([
    ["no JSON", "x", /JSON/],
    ["no source", { ...mark, source: undefined }, /does not say where the mail was moved/],
    ["no beginning", { ...mark, begunAt: 1 }, /does not say where the mail was moved/],
  ])("with %s says nothing, which is a fault", async (_, given, expected) => {
    const text = typeof given === "string" ? given : JSON.stringify(given);
    await writeFile(join(directory, movedMarkFile), text);
    await expect(readMovedMark(directory)).rejects.toThrow(expected);
  });

  test("of a version that named no database", async () => {
    await writeFile(join(directory, movedMarkFile), JSON.stringify({ ...mark, database: undefined }));
    expect(await readMovedMark(directory)).toEqual({ ...mark, database: "a database" });
    expect(await readFile(join(directory, movedMarkFile), "utf8")).not.toContain("a database");
  });
});

test("a record's head tells of the message what needs no content; what is none, nothing", async () => {
  const spool = await run();
  const { id, envelope } = await acceptMessage(spool, Buffer.from("x".repeat(5_000)));
  await spool.close();
  const closed = await openClosedSpool(directory, clock);
  const [{ record } = { record: Buffer.alloc(0) }] = closed.after(-1, 1);
  await closed.close();
  const head = record.subarray(0, record.length - 5_000);
  expect(decodeMessageHeader(id, head)).toMatchObject({ id, envelope, content: { sizeBytes: 5_000 } });
  expect(decodeMessageHeader(id, record)).toEqual(decodeMessageHeader(id, head));
  for (const spoiled of [head.subarray(0, -1), head.subarray(0, 3), Buffer.alloc(0)])
    expect(decodeMessageHeader(id, spoiled)).toBeUndefined();
  for (const at of [0, 1]) {
    const other = Buffer.from(head);
    other[at]! ^= 0x7f;
    expect(decodeMessageHeader(id, other)).toBeUndefined();
    expect(typeof decodeMessage(id, other)).toBe("string");
  }
});
