import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { parseTrackingLine } from "./tracking-line.ts";
import type { TrackingRecord } from "./tracking-record.ts";
import {
  noTracking,
  openTracking,
  trackingFamily,
  type TrackedMessage,
  type TrackingEntry,
  type TrackingLog,
  type TrackingSettings,
} from "./tracking.ts";

let dataDirectory: string;
let log: TrackingLog;
const clock = createFakeClock();
const mib = 1024 * 1024;
const settings: TrackingSettings = {
  messageTrackingLogEnabled: true,
  messageTrackingLogSubjectLoggingEnabled: true,
  messageTrackingLogMaxAge: 30 * 86_400_000,
  messageTrackingLogMaxDirectorySize: 100 * mib,
  messageTrackingLogMaxFileSize: 10 * mib,
};

beforeEach(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), "weir-tracking-"));
  log = openTracking({ dataDirectory, hostname: "relay.test", clock, settings });
});
afterEach(async () => {
  await log.close();
  await rm(dataDirectory, { recursive: true, force: true });
});

async function written(...entries: readonly TrackingEntry[]): Promise<TrackingRecord[]> {
  for (const entry of entries) log.track(entry);
  await log.flush();
  const { directory } = trackingFamily(dataDirectory);
  const texts = await Promise.all(
    (await readdir(directory)).map((name) => readFile(join(directory, name), "utf8")),
  );
  return texts
    .join("")
    .split("\r\n")
    .flatMap((line) => parseTrackingLine(line) ?? []);
}

const message: TrackedMessage = {
  id: 4711,
  arrivedAt: clock.now() - 1_500,
  envelope: {
    reversePath: "app@a.test",
    recipients: [{ forwardPath: "x@b.test" }, { forwardPath: "y@b.test" }],
  },
  origin: { connector: "AppRelay", sourceAddress: "10.0.0.1", helloName: "app.test", sessionId: "S1" },
  content: { sizeBytes: 99, messageId: "<1@a>", subject: "Invoice" },
};
const common = {
  at: "2026-01-15T09:00:00.000Z",
  internalMessageId: 4711,
  messageId: "<1@a>",
  messageSubject: "Invoice",
  recipients: ["x@b.test", "y@b.test"],
  recipientCount: 2,
  totalBytes: 99,
  sender: "app@a.test",
  originalClientIp: "10.0.0.1",
  reference: "",
  recipientStatus: "",
};

test("a message that came in, and one that went out", async () => {
  expect(
    await written(
      { eventId: "RECEIVE", source: "SMTP", message },
      { eventId: "SEND", source: "SMTP", message, connector: "Out", host: "mx", status: "250 ok" },
    ),
  ).toEqual([
    {
      ...common,
      eventId: "RECEIVE",
      source: "SMTP",
      clientIp: "10.0.0.1",
      clientHostname: "app.test",
      serverHostname: "relay.test",
      sourceContext: "S1",
      connectorId: "relay.test\\AppRelay",
      arrivedAt: "",
      latencyMs: 0,
    },
    {
      ...common,
      eventId: "SEND",
      source: "SMTP",
      clientIp: "",
      clientHostname: "relay.test",
      serverHostname: "mx",
      sourceContext: "",
      connectorId: "Out",
      recipientStatus: "250 ok",
      arrivedAt: "2026-01-15T08:59:58.500Z",
      latencyMs: 1_500,
    },
  ]);
});

test("what is given stands in place of what the message says", async () => {
  const entry = { eventId: "DSN", source: "DSN", message, recipients: ["y@b.test"] } as const;
  expect(await written({ ...entry, context: "failed", reference: "<r@relay>" })).toMatchObject([
    { recipients: ["y@b.test"], recipientCount: 1, sourceContext: "failed", reference: "<r@relay>" },
  ]);
});

test("of a damaged message only its id is known", async () => {
  expect(await written({ eventId: "FAIL", source: "QUEUE", message: { id: 7 } })).toMatchObject([
    {
      internalMessageId: 7,
      recipients: [],
      recipientCount: 0,
      sender: "",
      totalBytes: 0,
      messageId: "",
      messageSubject: "",
      connectorId: "",
      serverHostname: "",
      originalClientIp: "",
      arrivedAt: "",
      latencyMs: 0,
    },
  ]);
  expect(await written({ eventId: "RECEIVE", source: "SMTP", message: { id: 8 } })).toMatchObject([
    { internalMessageId: 7 },
    { internalMessageId: 8, connectorId: "relay.test\\", clientHostname: "", sourceContext: "" },
  ]);
});

test.each([
  [500, [500]],
  [501, [500, 1]],
  [1_000, [500, 500]],
])("%d recipients stand in lines of at most 500", async (count, lines) => {
  const recipients = Array.from({ length: count }, (_, n) => `r${n}@b.test`);
  const found = await written({ eventId: "SEND", source: "SMTP", message, recipients });
  expect(found.map((line) => line.recipients.length)).toEqual(lines);
  expect(found.flatMap((line) => line.recipients)).toEqual(recipients);
  expect(found.every(({ recipientCount }) => recipientCount === count)).toBe(true);
});

test("it can be switched off, and subjects by themselves", async () => {
  const entry = { eventId: "RECEIVE", source: "SMTP", message } as const;
  log.reconfigure({ ...settings, messageTrackingLogSubjectLoggingEnabled: false });
  expect(log.enabled).toBe(true);
  expect(await written(entry)).toMatchObject([{ messageSubject: "" }]);
  log.reconfigure({ ...settings, messageTrackingLogEnabled: false });
  expect(log.enabled).toBe(false);
  expect(await written(entry)).toHaveLength(1);
  log.reconfigure(settings);
  expect(await written(entry)).toHaveLength(2);
  expect(noTracking.enabled).toBe(false);
});

test("steps go to the log of messages too, also where tracking is off, with the time since arrival", async () => {
  const told: string[] = [];
  const messageLog = {
    wantsMessages: true,
    message: ({ at, part, text }: { at: Date; part: string; text: string }) =>
      void told.push(`${at.toISOString()} ${part} ${text}`),
  };
  await log.close();
  const off = { ...settings, messageTrackingLogEnabled: false };
  log = openTracking({ dataDirectory, hostname: "relay.test", clock, settings: off, messageLog });
  expect(log.enabled).toBe(true);
  const sent = { eventId: "SEND", source: "SMTP", recipients: ["x@b.test"], host: "mx" } as const;
  log.track({ ...sent, message, status: "250 ok" });
  log.track({ ...sent, message: { id: 7 }, status: "250 ok" });
  expect(told).toEqual([
    "2026-01-15T09:00:00.000Z smtp 4711: to=<x@b.test>, relay=mx, delay=1.50, dsn=2.0.0, status=sent (250 ok)",
    "2026-01-15T09:00:00.000Z smtp 7: to=<x@b.test>, relay=mx, delay=0.00, dsn=2.0.0, status=sent (250 ok)",
  ]);
  messageLog.wantsMessages = false;
  expect(log.enabled).toBe(false);
  log.track({ ...sent, message });
  expect([told.length, await readdir(dataDirectory)]).toEqual([2, []]);
  log.reconfigure(settings);
  messageLog.wantsMessages = true;
  expect(await written({ ...sent, message })).toMatchObject([{ eventId: "SEND" }]);
  expect(told).toHaveLength(3);
});

test("an entry of a copy is the client's, as that of its arrival; what its door says goes before the session", async () => {
  const entry = { source: "HTTP", message, connector: "Other", context: "S1;owner=x", tls: "dane" } as const;
  const [copy, refused] = await written(
    { ...entry, eventId: "DUPLICATE" },
    { ...entry, eventId: "FAIL", message: { ...message, arrivedAt: clock.now() + 700.4 } },
  );
  expect(copy).toMatchObject({
    clientIp: "10.0.0.1",
    clientHostname: "app.test",
    serverHostname: "relay.test",
    sourceContext: "S1;owner=x",
    connectorId: "Other",
    arrivedAt: "",
    latencyMs: 0,
    tls: "dane",
  });
  // Of a clock that was set back.
  expect(refused).toMatchObject({ clientIp: "", latencyMs: 0, arrivedAt: "2026-01-15T09:00:00.000Z" });
});

test("that indexes cannot be made is told once, and again when it happens again", async () => {
  const faults: string[] = [];
  await log.close();
  log = openTracking({
    dataDirectory,
    hostname: "relay.test",
    clock,
    settings: { ...settings, messageTrackingLogMaxFileSize: 1 },
    onFault: ({ message: text }) => void faults.push(text),
  });
  const { directory } = trackingFamily(dataDirectory);
  const entry = { eventId: "SEND", source: "SMTP", message } as const;
  const another = (): Promise<void> => {
    log.track(entry);
    return log.flush();
  };
  await another();
  await writeFile(join(directory, "index"), "in the way");
  for (let n = 0; n < 4; n++) await another();
  await expect.poll(() => faults.length).toBe(1);
  await rm(join(directory, "index"));
  await another();
  // All of them: what is still being made would fail behind the next lines, and that is the first failure going on.
  const finished = (await readdir(directory)).filter((name) => name.endsWith(".LOG")).length - 1;
  expect(finished).toBe(5);
  const indexed = async (): Promise<number> =>
    (await readdir(join(directory, "index")).catch(() => [])).filter((name) => name.endsWith(".idx")).length;
  await expect.poll(indexed).toBe(finished);
  expect(faults).toHaveLength(1);
  await rm(join(directory, "index"), { recursive: true });
  await writeFile(join(directory, "index"), "in the way");
  await another();
  await expect.poll(() => faults.length).toBe(2);
});

test("what was tracked just before the end is in the file", async () => {
  log.track({ eventId: "RECEIVE", source: "SMTP", message });
  await log.close();
  const { directory } = trackingFamily(dataDirectory);
  const [name] = await readdir(directory);
  expect(await readFile(join(directory, name ?? "none"), "utf8")).toContain("<1@a>");
});

test("a finished file is indexed, and found in: newest first, or as lines, oldest first", async () => {
  log.reconfigure({ ...settings, messageTrackingLogMaxFileSize: 2_000 });
  const ids = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  for (const id of ids) {
    log.track({ eventId: "RECEIVE", source: "SMTP", message: { ...message, id } });
    await log.flush();
  }
  const found = await log.search({ resultSize: 5, sender: "app@a.test" });
  expect(found.map(({ internalMessageId }) => internalMessageId)).toEqual([12, 11, 10, 9, 8]);
  let text = "";
  for await (const piece of log.export({ resultSize: 3, sender: "app@a.test" }))
    text += Buffer.from(piece).toString();
  expect(text).toMatch(/^#Software: Weir\r\n/);
  const lines = text.split("\r\n").flatMap((line) => parseTrackingLine(line) ?? []);
  expect(lines.map(({ internalMessageId }) => internalMessageId)).toEqual([10, 11, 12]);
  const { directory } = trackingFamily(dataDirectory);
  const names = await readdir(directory);
  expect(names.filter((name) => name.endsWith(".LOG")).length).toBeGreaterThan(1);
  await expect.poll(() => readdir(join(directory, "index"))).not.toEqual([]);
  await log.close();
  await expect(log.search({ resultSize: 1 })).rejects.toThrow("closed");
});
