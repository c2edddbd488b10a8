import { mkdtemp, rm, appendFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { indexMissing } from "./index/index-missing.ts";
import { findEntries, readEntries, type TrackingFilter } from "./search.ts";
import { trackingHeader, trackingLine } from "./tracking-line.ts";
import type { TrackingRecord } from "./tracking-record.ts";
import { trackingFamily } from "./tracking.ts";

let directory: string;
const base = Date.UTC(2026, 10, 24);
const family = () => trackingFamily(directory);

const record = (index: number, changes: Partial<TrackingRecord> = {}): TrackingRecord => ({
  at: new Date(base + index * 1000).toISOString(),
  clientIp: index % 2 === 0 ? "10.0.0.1" : "",
  clientHostname: "app.test",
  serverHostname: "relay.test",
  sourceContext: "",
  connectorId: index % 2 === 0 ? "relay.test\\AppRelay" : "Outbound",
  source: index % 10 === 9 ? "QUEUE" : "SMTP",
  eventId: index % 2 === 0 ? "RECEIVE" : index % 10 === 9 ? "EXPIRE" : "SEND",
  internalMessageId: 1000 + (index >> 1),
  messageId: `<${index >> 1}@app.test>`,
  recipients: [`r${index >> 1}@Dest.test`, "all@dest.test"],
  recipientStatus: "",
  totalBytes: 1,
  recipientCount: 2,
  reference: "",
  messageSubject: `Invoice (${index >> 1})`,
  sender: index >> 1 === 3 ? "" : "App@Sender.test",
  arrivedAt: "",
  originalClientIp: "10.0.0.1",
  latencyMs: 0,
  ...changes,
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-tracking-"));
  await mkdir(family().directory, { recursive: true });
  for (const [file, from] of [
    ["MSGTRK20261124-1.LOG", 0],
    ["MSGTRK20261124-2.LOG", 10],
  ] as const) {
    const lines = Array.from({ length: 10 }, (_, i) => trackingLine(record(from + i)));
    await appendFile(join(family().directory, file), trackingHeader(new Date(base)) + lines.join(""));
  }
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const ids = async (filter: Partial<TrackingFilter>): Promise<number[]> =>
  Array.from(
    readEntries(await findEntries(family(), { resultSize: 1000, ...filter })),
    ({ at }) => (Date.parse(at) - base) / 1000,
  );

describe.each(["without indexes", "with an index"])("a search %s", (how) => {
  beforeEach(async () => {
    if (how === "with an index") expect(await indexMissing(family())).toBe(1);
  });

  test.each<[string, Partial<TrackingFilter>, number[]]>([
    ["internal id", { internalMessageId: 1004 }, [9, 8]],
    ["Message-ID", { messageId: "<4@app.test>" }, [9, 8]],
    ["Message-ID without brackets", { messageId: "4@APP.test" }, [9, 8]],
    ["recipient", { recipients: ["R2@dest.TEST"] }, [5, 4]],
    ["recipients, one of them", { recipients: ["r2@dest.test", "r0@dest.test"] }, [5, 4, 1, 0]],
    ["recipient by wildcards", { recipients: ["r?@dest*"], resultSize: 2 }, [19, 18]],
    ["null reverse-path", { sender: "" }, [7, 6]],
    ["sender and event", { sender: "app@sender.test", eventIds: ["EXPIRE"] }, [19, 9]],
    ["several events", { eventIds: ["expire", "FAIL"] }, [19, 9]],
    ["source", { source: "QUEUE" }, [19, 9]],
    ["connector", { connector: "outbound", messageId: "<4@app.test>" }, [9]],
    ["connector without its server", { connector: "AppRelay", internalMessageId: 1000 }, [0]],
    ["client, on what follows too", { clientIp: "10.0.0.1", internalMessageId: 1000 }, [1, 0]],
    ["part of the subject", { messageSubject: "ICE (4)" }, [9, 8]],
    ["a star in the subject is a star", { messageSubject: "Inv*" }, []],
    ["time", { start: new Date(base + 3000), end: new Date(base + 6000) }, [5, 4, 3]],
    ["time, later day", { start: new Date(base + 86_400_000) }, []],
    ["the newest", { resultSize: 3 }, [19, 18, 17]],
    ["nothing there", { sender: "nobody@x.test" }, []],
  ])("by %s", async (_, filter, expected) => {
    expect(await ids(filter)).toEqual(expected);
  });

  test("finds each line once where chunks meet", async () => {
    const count = 12_000;
    const lines = Array.from({ length: count }, (_, i) => trackingLine(record(100 + i)));
    await appendFile(join(family().directory, "MSGTRK20261124-3.LOG"), lines.join(""));
    expect(await ids({ sender: "app@*", resultSize: count })).toEqual(
      Array.from({ length: count }, (_, i) => 99 + count - i),
    );
  });

  test("finds a line that is longer than a chunk, and those around it", async () => {
    const recipients = Array.from({ length: 60_000 }, (_, i) => `recipient${i}@dest.test`);
    const lines = [record(100), record(101, { recipients }), record(102)].map(trackingLine);
    expect(lines[1]!.length).toBeGreaterThan(1024 * 1024);
    await appendFile(join(family().directory, "MSGTRK20261124-3.LOG"), lines.join(""));
    expect((await ids({ sender: "app@*", resultSize: 4 })).slice(0, 4)).toEqual([102, 101, 100, 19]);
    expect(await ids({ recipients: ["recipient0@dest.test"] })).toEqual([101]);
  });

  test("leaves half a line out, and a directory that is not there is empty", async () => {
    await appendFile(
      join(family().directory, "MSGTRK20261124-2.LOG"),
      trackingLine(record(20)).slice(0, -10),
    );
    expect((await ids({ resultSize: 1 }))[0]).toBe(19);
    expect(await findEntries(trackingFamily(join(directory, "none")), { resultSize: 1 })).toEqual([]);
  });
});
