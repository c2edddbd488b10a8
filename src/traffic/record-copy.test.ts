import { mkdir, mkdtemp, readdir, readFile, readlink, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LogFamily } from "../logs/log-files.ts";
import { copyOfRecord, writeCopy } from "./record-copy.ts";

const kind = { prefix: "TRAFFIC", extension: "wtr" };
const nameOf = (day: number, number = 1): string => `TRAFFIC202611${day}-${number}.wtr`;
const noon = (day: number): number => Date.parse(`2026-11-${day}T12:00:00Z`);
const ample = { mostBytes: 1e9 };

/** As a network cuts it. */
async function* cut(octets: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < octets.length; at += pieceBytes) yield octets.subarray(at, at + pieceBytes);
}
const pieces = async (chunks: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> => {
  const heard: Uint8Array[] = [];
  for await (const chunk of chunks) heard.push(chunk);
  return heard;
};
const all = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => Buffer.concat(await pieces(chunks));
const sent = (...parts: readonly (object | string)[]): AsyncGenerator<Uint8Array, void> =>
  cut(
    Buffer.from(
      parts.map((part) => (typeof part === "string" ? part : `${JSON.stringify(part)}\n`)).join(""),
    ),
    7,
  );

let directory: string;
let from: LogFamily;
let to: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-copy-"));
  from = { directory: join(directory, "from"), ...kind };
  to = join(directory, "to");
  await mkdir(from.directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));
const put = (name: string, octets: string | Uint8Array): Promise<void> =>
  writeFile(join(from.directory, name), octets);

describe("a record on its way to another node", () => {
  it.each([1, 13, 1_000_000])("arrives as it was, in pieces of %i octets", async (pieceBytes) => {
    // With what looks like a line of its own.
    const octets = new Map([
      [nameOf(27), Buffer.from('first\n{"end":true}\n')],
      [nameOf(27, 2), Buffer.alloc(0)],
      [nameOf(28), Buffer.from(Array.from({ length: 300 }, (_, n) => n % 256))],
    ]);
    for (const [name, content] of octets) await put(name, content);
    await put("TRAFFIC20261127-1.wtr.tmp", "another's");
    const heard: number[] = [];
    const copy = await all(copyOfRecord(from, { fromMs: noon(27), toMs: noon(28) }));
    const family = await writeCopy(cut(copy, pieceBytes), to, kind, {
      ...ample,
      onBytes: (bytes, ofBytes) => heard.push(bytes / ofBytes),
    });
    expect(family).toEqual({ directory: to, ...kind });
    expect((await readdir(to)).sort()).toEqual([...octets.keys()]);
    for (const [name, content] of octets) expect(await readFile(join(to, name))).toEqual(content);
    expect(heard.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 10);
  });

  it("holds some 64 KiB of it at a time", async () => {
    await put(nameOf(28), Buffer.alloc(200_000, 1));
    const copy = await pieces(copyOfRecord(from, { fromMs: noon(28), toMs: noon(28) }));
    expect(copy.map(({ length }) => length).filter((length) => length > 100)).toEqual([
      65_536, 65_536, 65_536, 3_392,
    ]);
  });

  it("is of the days that are asked for, and of one before them, where what leads to them may stand", async () => {
    for (const day of [24, 25, 26, 27, 28]) await put(nameOf(day), `${day}`);
    const files = async (fromMs: number, toMs: number): Promise<readonly string[]> => {
      const text = (await all(copyOfRecord(from, { fromMs, toMs }))).toString();
      return [...text.matchAll(/"file":"TRAFFIC202611(\d\d)/g)].map(([, day]) => day ?? "");
    };
    expect(await files(noon(26), noon(27))).toEqual(["25", "26", "27"]);
    expect(await files(0, Infinity)).toEqual(["24", "25", "26", "27", "28"]);
    expect(await files(noon(30), noon(30))).toEqual([]);
  });

  it("has nothing in it where there is no record", async () => {
    const copy = await all(
      copyOfRecord({ ...from, directory: join(to, "none") }, { fromMs: 0, toMs: Infinity }),
    );
    expect(copy.toString()).toBe('{"sizeBytes":0}\n{"end":true}\n');
    await writeCopy(cut(copy, 5), to, kind, ample);
    expect(await readdir(to)).toEqual([]);
  });

  it("leaves out a file that is removed meanwhile", async () => {
    await put(nameOf(27), "27");
    await put(nameOf(28), "28");
    const copy = copyOfRecord(from, { fromMs: noon(27), toMs: noon(28) });
    const head = await copy.next();
    await rm(join(from.directory, nameOf(27)));
    const rest = await all(copy);
    await writeCopy(cut(Buffer.concat([head.value as Uint8Array, rest]), 50), to, kind, ample);
    expect(await readdir(to)).toEqual([nameOf(28)]);
  });

  it("has of a file that grows meanwhile what it was when it was opened", async () => {
    await put(nameOf(28), "whole\n");
    const copy = copyOfRecord(from, { fromMs: noon(28), toMs: noon(28) });
    const heads = [await copy.next(), await copy.next()].map(({ value }) => value as Uint8Array);
    await put(nameOf(28), "whole\nand more\n");
    await writeCopy(cut(Buffer.concat([...heads, await all(copy)]), 9), to, kind, ample);
    expect(await readFile(join(to, nameOf(28)), "utf8")).toBe("whole\n");
  });

  it("breaks off where a file becomes shorter", async () => {
    await put(nameOf(28), Buffer.alloc(100_000));
    const copy = copyOfRecord(from, { fromMs: noon(28), toMs: noon(28) });
    for (let n = 0; n < 3; n++) await copy.next();
    await truncate(join(from.directory, nameOf(28)), 70_000);
    await expect(all(copy)).rejects.toThrow(/became shorter/);
  });

  it.runIf(process.platform === "linux")("closes the file where nobody takes the rest", async () => {
    await put(nameOf(28), Buffer.alloc(200_000));
    const isOpen = async (): Promise<boolean> => {
      const names = await readdir("/proc/self/fd");
      const files = await Promise.all(names.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
      return files.includes(join(from.directory, nameOf(28)));
    };
    const copy = copyOfRecord(from, { fromMs: noon(28), toMs: noon(28) });
    for (let part = 0; part < 3; part++) await copy.next();
    expect(await isOpen()).toBe(true);
    await copy.return();
    expect(await isOpen()).toBe(false);
  });
});

describe("what another node sends", () => {
  const one = { file: nameOf(28), sizeBytes: 3 };

  it.each<[string, readonly (object | string)[]]>([
    ["nothing", []],
    ["no end", [{ sizeBytes: 3 }, one, "abc"]],
    ["half a file", [{ sizeBytes: 3 }, one, "ab"]],
    ["half a line", [{ sizeBytes: 3 }, '{"file":']],
  ])("that ends early is refused: %s", async (_, parts) => {
    await expect(writeCopy(sent(...parts), to, kind, ample)).rejects.toThrow("it ended before its end");
  });

  it.each<[string, readonly (object | string)[]]>([
    ["a page", ["<html>\n"]],
    ["a number", ["17\n"]],
    ["null", ["null\n"]],
    ["no size", [{}]],
    ["a size below zero", [{ sizeBytes: -1 }]],
    ["half an octet", [{ sizeBytes: 1.5 }]],
    ["a size in words", [{ sizeBytes: "3" }]],
    ["a line without an end", [{ sizeBytes: 3 }, "x".repeat(2_000)]],
    ["a file without a name", [{ sizeBytes: 3 }, { sizeBytes: 3 }, "abc"]],
    ["a file above", [{ sizeBytes: 3 }, { ...one, file: `../${nameOf(28)}` }, "abc"]],
    ["a file below", [{ sizeBytes: 3 }, { ...one, file: `TRAFFIC/${nameOf(28)}` }, "abc"]],
    ["another's file", [{ sizeBytes: 3 }, { ...one, file: "weir.yaml" }, "abc"]],
    ["no day", [{ sizeBytes: 3 }, { ...one, file: "TRAFFIC2026-1.wtr" }, "abc"]],
    ["a name that goes on", [{ sizeBytes: 3 }, { ...one, file: `${nameOf(28)}\n.wtr` }, "abc"]],
    ["more octets than the file has", [{ sizeBytes: 3 }, one, "abcd", { end: true }]],
  ])("is refused where it is no record: %s", async (_, parts) => {
    await expect(writeCopy(sent(...parts), to, kind, ample)).rejects.toThrow(
      "what it sends is no traffic record",
    );
    expect((await readdir(to)).filter((name) => name !== nameOf(28))).toEqual([]);
  });

  it("finds room, or is refused before anything is written", async () => {
    await expect(
      writeCopy(sent({ sizeBytes: 2_500_001 }), to, kind, { mostBytes: 2_500_000 }),
    ).rejects.toThrow("its record of that time, 3 MB, finds no room on this node's disk");
    await writeCopy(sent({ sizeBytes: 3 }, one, "abc", { end: true }), to, kind, { mostBytes: 3 });
    expect(await readdir(to)).toEqual([nameOf(28)]);
  });

  it("may be some more than it said, for it grows, and not without end", async () => {
    const octets = 16 * 1024 * 1024;
    const more = (sizeBytes: number): readonly object[] => [{ sizeBytes: 3 }, { ...one, sizeBytes }];
    await expect(writeCopy(sent(...more(octets + 3)), to, kind, ample)).rejects.toThrow(
      "it ended before its end",
    );
    await expect(writeCopy(sent(...more(octets + 4)), join(to, "b"), kind, ample)).rejects.toThrow(
      "it sends more than it said",
    );
  });

  it("writes no file twice", async () => {
    await expect(writeCopy(sent({ sizeBytes: 6 }, one, "abc", one, "abc"), to, kind, ample)).rejects.toThrow(
      /EEXIST/,
    );
  });
});
