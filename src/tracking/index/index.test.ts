/** Whatever is searched for, an index gives what reading every line gives. */
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listLogFiles } from "../../logs/log-files.ts";
import { trackingMatcher, type TrackingFilter } from "../filter.ts";
import { findEntries, readEntries, readLines } from "../search.ts";
import { parseTrackingLine, trackingHeader, trackingLine } from "../tracking-line.ts";
import { trackingEventIds, trackingSources, type TrackingRecord } from "../tracking-record.ts";
import { trackingFamily } from "../tracking.ts";
import { textFields } from "./index-columns.ts";
import { indexMissing } from "./index-missing.ts";
import { indexPath, openIndexFile } from "./index-file.ts";

let directory: string;
const family = () => trackingFamily(directory);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-index-"));
  await mkdir(family().directory, { recursive: true });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const base = Date.UTC(2026, 10, 24);
// Few letters, so that patterns hit; among them what case and wildcards are difficult with.
const letter = fc.constantFrom(
  "a",
  "A",
  "b",
  "k",
  "\u212a",
  "i",
  "\u0130",
  "ß",
  "Σ",
  "σ",
  "😀",
  ".",
  "-",
  ";",
  ",",
  '"',
  "=",
  "\\",
  " ",
);
const word = fc.string({ unit: letter, maxLength: 4 });
const address = fc
  .tuple(word, fc.constantFrom("x.test", "X.Test", "y.test"))
  .map(([local, domain]) => `${local}@${domain}`);
const record: fc.Arbitrary<TrackingRecord> = fc.record({
  at: fc.integer({ min: 0, max: 20 }).map((second) => new Date(base + second * 1000).toISOString()),
  clientIp: fc.constantFrom("", "10.0.0.1", "10.0.0.2"),
  clientHostname: word,
  serverHostname: word,
  sourceContext: word,
  connectorId: fc.constantFrom("relay\\App", "relay\\app two", "Outbound", ""),
  source: fc.constantFrom(...trackingSources),
  eventId: fc.constantFrom(...trackingEventIds),
  internalMessageId: fc.integer({ min: 1, max: 8 }),
  messageId: fc.oneof(
    word.map((text) => `<${text}@x>`),
    word,
  ),
  recipients: fc.array(address, { maxLength: 3 }),
  recipientStatus: word,
  totalBytes: fc.nat(9),
  recipientCount: fc.nat(9),
  reference: fc.constantFrom("", "<report@x>"),
  messageSubject: word,
  sender: fc.oneof(fc.constant(""), address),
  arrivedAt: fc.constant(""),
  originalClientIp: fc.constantFrom("", "10.0.0.1"),
  latencyMs: fc.nat(9),
});
const damaged = fc.constantFrom(
  "#Fields: x\r\n",
  "\r\n",
  "\n",
  "half,a,line\r\n",
  ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,\r\n",
  '2026-11-24T00:00:00.000Z,"never closed\r\n',
  "2026-99-24T00:00:00.000Z,,,,,,,SMTP,SEND,1,,,,,1,1,,,,<>,<>,,,,,,,Email,,1\r\n",
  "\0\0\0\0\r\n",
);
const line = fc.oneof(
  { weight: 8, arbitrary: record.map(trackingLine) },
  { weight: 1, arbitrary: damaged },
  { weight: 1, arbitrary: fc.tuple(record, fc.nat(200)).map(([of, cut]) => trackingLine(of).slice(cut)) },
);
const pattern = (value: fc.Arbitrary<string>) =>
  fc.oneof(
    value,
    fc.string({ unit: fc.oneof(letter, fc.constantFrom("*", "?", "@", "x", "\ud83d")), maxLength: 5 }),
    fc.tuple(value, fc.nat(6)).map(([text, at]) => `${text.slice(0, at)}*${text.slice(at + 1)}`),
  );
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 });
const instant = fc.integer({ min: -1, max: 21 }).map((second) => new Date(base + second * 1000));
const filter: fc.Arbitrary<TrackingFilter> = fc.record({
  start: maybe(instant),
  end: maybe(instant),
  sender: maybe(pattern(address)),
  recipients: maybe(fc.array(pattern(address), { maxLength: 2 })),
  messageId: maybe(pattern(word.map((text) => `${text}@x`))),
  internalMessageId: maybe(fc.integer({ min: 0, max: 9 })),
  eventIds: maybe(fc.array(fc.constantFrom(...trackingEventIds), { maxLength: 3 })),
  source: maybe(fc.constantFrom(...trackingSources)),
  connector: maybe(pattern(fc.constantFrom("App", "relay\\App", "outbound"))),
  clientIp: maybe(pattern(fc.constantFrom("10.0.0.1", ""))),
  messageSubject: maybe(word),
  reference: maybe(pattern(fc.constantFrom("report@x", ""))),
  resultSize: fc.constantFrom(1, 3, 1000),
});

/** Lines by their plain meaning: all files, the last line first. */
async function readThrough(wanted: TrackingFilter): Promise<string[]> {
  const matches = trackingMatcher(wanted);
  const found: string[] = [];
  for (const { path } of (await listLogFiles(family())).reverse()) {
    const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1).reverse();
    for (const one of lines) {
      const text = one.replace(/\r$/, "");
      const entry = parseTrackingLine(text);
      if (entry !== undefined && matches(entry)) found.push(text);
    }
  }
  return found.slice(0, wanted.resultSize);
}

async function searched(wanted: TrackingFilter): Promise<string[]> {
  const pieces = Array.from(readLines(await findEntries(family(), wanted), 64), String);
  return pieces.join("").split("\r\n").slice(0, -1).reverse();
}

const logPath = (number: number) => join(family().directory, `MSGTRK20261124-${number}.LOG`);

test.each([256, 257])("%i different recipients are told apart", async (count) => {
  const lines = Array.from({ length: count }, (_, n) =>
    trackingLine({
      at: new Date(base + n).toISOString(),
      clientIp: "",
      clientHostname: "",
      serverHostname: "",
      sourceContext: "",
      connectorId: "",
      source: "SMTP",
      eventId: "RECEIVE",
      internalMessageId: n + 1,
      messageId: "",
      recipients: [`r${n}@x.test`],
      recipientStatus: "",
      totalBytes: 1,
      recipientCount: 1,
      reference: "",
      messageSubject: "",
      sender: "",
      arrivedAt: "",
      originalClientIp: "",
      latencyMs: 0,
    }),
  );
  await writeFile(logPath(1), trackingHeader(new Date(base)) + lines.join(""));
  await writeFile(logPath(2), trackingHeader(new Date(base)));
  expect(await indexMissing(family())).toBe(1);
  for (const n of [0, count - 1])
    expect(await searched({ recipients: [`r${n}@x.test`], resultSize: 1000 })).toEqual([lines[n]?.trimEnd()]);
});

test("finds exactly what reading every line finds", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(line, { maxLength: 12 }), { minLength: 2, maxLength: 3 }),
      fc.array(filter, { minLength: 1, maxLength: 12 }),
      async (files, filters) => {
        await rm(family().directory, { recursive: true });
        await mkdir(family().directory);
        for (const [at, lines] of files.entries())
          await writeFile(logPath(at + 1), trackingHeader(new Date(base)) + lines.join(""));
        for (const wanted of filters) {
          const expected = await readThrough(wanted);
          expect(await searched(wanted)).toEqual(expected);
        }
        expect(await indexMissing(family())).toBe(files.length - 1);
        for (const wanted of filters) {
          const expected = await readThrough(wanted);
          expect(await searched(wanted)).toEqual(expected);
          expect([...readEntries(await findEntries(family(), wanted))]).toEqual(
            expected.map(parseTrackingLine),
          );
        }
      },
    ),
    { numRuns: 30 },
  );
});

describe("an index", () => {
  const entry = (id: number): TrackingRecord => ({
    at: new Date(base + id).toISOString(),
    clientIp: "",
    clientHostname: "",
    serverHostname: "",
    sourceContext: "",
    connectorId: "Outbound",
    source: "SMTP",
    eventId: "SEND",
    internalMessageId: id,
    messageId: `<${id}@x>`,
    recipients: [`r${id}@x.test`],
    recipientStatus: "",
    totalBytes: 1,
    recipientCount: 1,
    reference: "",
    messageSubject: "",
    sender: "a@x.test",
    arrivedAt: "",
    originalClientIp: "",
    latencyMs: 0,
  });
  const lines = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => trackingLine(entry(from + i))).join("");
  const ids = async (wanted: Partial<TrackingFilter>) =>
    Array.from(
      readEntries(await findEntries(family(), { resultSize: 100, ...wanted })),
      ({ internalMessageId }) => internalMessageId,
    );

  beforeEach(async () => {
    for (const number of [1, 2, 3]) {
      await writeFile(logPath(number), lines(number * 10, 3));
      // A time that can be set again to the last digit.
      await utimes(logPath(number), number, number);
    }
    expect(await indexMissing(family())).toBe(2);
  });

  test("is used: what it does not name is not looked for in the file", async () => {
    const path = logPath(1);
    const text = (await readFile(path, "utf8")).replaceAll("<11@x>", "<99@x>");
    await writeFile(path, text);
    await utimes(path, 1, 1);
    expect(await ids({ messageId: "99@x" })).toEqual([]);
  });

  test("holds where each entry stands, how long it is, and of when", async () => {
    const path = logPath(1);
    const { size, mtimeMs } = await stat(path);
    const index = openIndexFile(indexPath(path), { sizeBytes: size, changedMs: mtimeMs });
    const text = await readFile(path, "utf8");
    const [offsets, lengths] = [index?.offsets() ?? [], index?.lengths() ?? []];
    const at = Array.from(offsets, (offset, n) => text.slice(offset, offset + (lengths[n] ?? 0)));
    const found = at.map((each) => parseTrackingLine(each)?.internalMessageId);
    expect(found).toEqual([10, 11, 12]);
    expect(Array.from(index?.internalIds() ?? [])).toEqual(found);
    expect(index?.instants()).toHaveLength(3);
    for (const field of textFields) {
      const column = index?.column(field, index.values(field));
      expect([field, (column?.starts.length ?? 0) > 0]).toEqual([field, true]);
    }
    index?.close();
  });

  test("is made once, and not for the file that still grows", async () => {
    expect(await indexMissing(family())).toBe(0);
    expect((await readdir(join(family().directory, "index"))).toSorted()).toEqual([
      "MSGTRK20261124-1.idx",
      "MSGTRK20261124-2.idx",
    ]);
  });

  test("is made newest first, until the search is closed", async () => {
    const made = (): Promise<string[]> => readdir(join(family().directory, "index"));
    for (const name of await made()) await rm(join(family().directory, "index", name));
    expect(await indexMissing(family(), AbortSignal.abort())).toBe(0);
    expect(await made()).toEqual([]);
    let asked = 0;
    const second = {
      get aborted(): boolean {
        return ++asked === 2;
      },
    } as AbortSignal;
    expect([await indexMissing(family(), second), await made()]).toEqual([1, ["MSGTRK20261124-2.idx"]]);
  });

  test.each<[string, (path: string) => Promise<void>]>([
    ["missing", (path) => rm(path)],
    ["empty", (path) => writeFile(path, "")],
    ["cut short", async (path) => truncate(path, Math.floor((await stat(path)).size / 2))],
    ["of another kind", (path) => writeFile(path, "x".repeat(10_000))],
    ...[10, 40, 700, 1200].map((at): [string, (path: string) => Promise<void>] => [
      `with another octet at ${at}`,
      async (path) => {
        const octets = await readFile(path);
        octets[at] = (octets[at] ?? 0) ^ 1;
        await writeFile(path, octets);
      },
    ]),
    // Each of its columns begins where the ones before end.
    ...[0, 3, 100, 0.5, -1].map((at): [string, (path: string) => Promise<void>] => [
      `with another octet in its columns, at ${at}`,
      async (path) => {
        const octets = await readFile(path);
        const columns = octets.subarray(16 + octets.readUInt32LE(8));
        const place = at < 0 ? columns.length - 1 : at < 1 ? Math.floor(columns.length * at) : at;
        columns[place] = (columns[place] ?? 0) ^ 1;
        await writeFile(path, octets);
      },
    ]),
  ])("that is %s misleads no search and is made anew", async (_, damage) => {
    await damage(indexPath(logPath(1)));
    expect(await ids({ messageId: "11@x" })).toEqual([11]);
    expect(await ids({ recipients: ["R1?@x*"] })).toEqual([12, 11, 10]);
    expect(await ids({ sender: "a@x.test" })).toEqual([32, 31, 30, 22, 21, 20, 12, 11, 10]);
    await indexMissing(family());
    expect(await ids({ messageId: "11@x" })).toEqual([11]);
  });

  test("of a file that has changed since is left aside", async () => {
    await appendFile(logPath(1), lines(13, 1));
    expect(await ids({ messageId: "13@x" })).toEqual([13]);
    expect(await indexMissing(family())).toBe(1);
    expect(await ids({ messageId: "13@x" })).toEqual([13]);
  });

  test("that is damaged is removed by the first search that meets it", async () => {
    const path = indexPath(logPath(1));
    const octets = await readFile(path);
    octets[16 + octets.readUInt32LE(8)]! ^= 1;
    await writeFile(path, octets);
    expect(await ids({ messageId: "11@x" })).toEqual([11]);
    expect(await readdir(join(family().directory, "index"))).toEqual(["MSGTRK20261124-2.idx"]);
  });

  test("of lines that were removed meanwhile gives those that are left", async () => {
    const found = await findEntries(family(), { resultSize: 100 });
    await truncate(logPath(2), lines(20, 2).length);
    await rm(logPath(1));
    expect(Array.from(readEntries(found), ({ internalMessageId }) => internalMessageId)).toEqual([
      32, 31, 30, 21, 20,
    ]);
    const pieces = Array.from(readLines(found, 1), String);
    expect(pieces.map((piece) => parseTrackingLine(piece.trimEnd())?.internalMessageId)).toEqual([
      20, 21, 30, 31, 32,
    ]);
  });

  test("goes when its file is gone, also between finding and reading", async () => {
    const found = await findEntries(family(), { resultSize: 100 });
    await rm(logPath(2));
    expect(Array.from(readEntries(found), ({ internalMessageId }) => internalMessageId)).toEqual([
      32, 31, 30, 12, 11, 10,
    ]);
    await indexMissing(family());
    expect(await readdir(join(family().directory, "index"))).toEqual(["MSGTRK20261124-1.idx"]);
  });
});
