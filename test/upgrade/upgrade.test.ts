/** The data directory of an earlier release, with mail of all kinds waiting, under this one. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse-config.ts";
import { formatFile } from "../../src/formats/format-file.ts";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { createRelay } from "../../src/relay.ts";
import type { Relay } from "../../src/relay-contract.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { contentOf, heldQueue, type LeftMessage, upgradeConfiguration } from "./earlier-release.ts";

const release = "fbe43e8";
let folder: string;
let sink: RecordingSink;
let relay: Relay;
let left: readonly Pick<LeftMessage, "kind" | "number">[];
/** The mail was left then: whenever this runs, it is a second later. */
let shiftMs: number;

const settingsOf = async () => {
  const file = join(folder, "weir.yaml");
  const text = upgradeConfiguration(await freePort(), sink.port);
  await writeFile(file, text);
  const parsed = parseConfig(text, { file });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.settings;
};
const clockOfThen = () => {
  const clock = createSystemClock();
  return {
    now: () => clock.now() - shiftMs,
    wall: () => new Date(clock.wall().getTime() - shiftMs),
    after: (delayMs: number, run: () => void) => clock.after(delayMs, run),
  };
};
const of = (...kinds: readonly LeftMessage["kind"][]) => left.filter(({ kind }) => kinds.includes(kind));
const delivered = (recipient: string) =>
  sink.messages.filter(({ recipients }) => recipients.some(({ path }) => path === recipient));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weir-upgrade-"));
  execFileSync("tar", ["-xzf", join(import.meta.dirname, `data-of-${release}.tar.gz`), "-C", folder]);
  const made = JSON.parse(await readFile(join(folder, "left.json"), "utf8")) as {
    at: string;
    messages: typeof left;
  };
  left = made.messages;
  shiftMs = Date.now() - Date.parse(made.at) - 1000;
  sink = await startRecordingSink();
  relay = await createRelay(await settingsOf(), { clock: clockOfThen() });
});
afterAll(async () => {
  await relay.stop("the test is over", 500);
  await sink.close();
  await rm(folder, { recursive: true });
});

test("every message of the earlier release is there, is delivered once, whole, or waits as it did", async () => {
  expect(left.length).toBe(24);
  expect(relay.queued).toBe(24);
  await relay.start();
  relay.retryNow();
  const goes = of("small", "large", "partly", "two", "failed", "eightBit");
  await sink.waitFor(goes.length);
  for (const { kind, number } of of("small", "large", "eightBit", "two", "partly")) {
    const address = kind === "eightBit" ? "eight-bit" : kind;
    const found = delivered(`${address}-${number}@out.test`);
    expect(found.length, `${kind} ${number}`).toBe(1);
    expect(found[0]?.reversePath).toBe(`from-${number}@out.test`);
    const { content = Buffer.alloc(0) } = found[0] ?? {};
    expect(content.subarray(content.indexOf("Subject:")).equals(contentOf(kind, number))).toBe(true);
  }
  for (const { number } of of("partly")) expect(delivered(`taken-${number}@out.test`)).toEqual([]);
  for (const { number } of of("failed")) {
    const [report] = delivered(`from-${number}@out.test`);
    expect(report?.reversePath).toBe("");
    expect(report?.content.toString()).toContain(`failed-${number}@out.test`);
  }
  // Nothing else, nothing twice.
  expect(sink.messages.length).toBe(goes.length);

  const queues = new Map(relay.queues().map((queue) => [queue.queue, queue]));
  expect(queues.get(heldQueue)).toMatchObject({ messages: of("held").length, status: "Suspended" });
  expect(queues.get("unreachable")?.messages).toBe(of("unrouted", "two").length);
});

test("what was suspended stays so until it is resumed", async () => {
  const suspended = of("suspended");
  // Their next hop has another port now: they stand in Submission.
  const found = await relay.messages.list("", 10, { only: "suspended" });
  expect(found.messages.map(({ message }) => message.content.subject ?? "").toSorted()).toEqual(
    suspended.map(({ number }) => `suspended ${number}`).toSorted(),
  );
  sink.clear();
  for (const { message } of found.messages)
    expect(await relay.messages.suspendMessage("", message.id, false)).toBe("done");
  await sink.waitFor(suspended.length);
});

test("tracking, events and budgets go on where they were", async () => {
  const received = await relay.tracking.search({ eventIds: ["RECEIVE"], resultSize: 100 });
  // What came in the last moment before kill -9 was not in the file yet.
  for (const { kind, number } of left.slice(0, 18))
    expect(received.some(({ messageId }) => messageId === `<${kind}-${number}@app.test>`)).toBe(true);
  const events = await relay.eventStore.query({ limit: 1000 });
  const starts = events.filter(({ name }) => name === "RelayStarted");
  expect(starts.length).toBe(2);
  expect(new Set(events.map(({ sequence }) => sequence)).size).toBe(events.length);
  expect(relay.sendBudgets()).toMatchObject([{ connectors: ["Out"] }]);
});

test("a format of a later release is refused in one sentence, and not an octet is changed", async () => {
  await relay.stop("to be refused", 500);
  const data = join(folder, "data");
  const marks = JSON.parse(await readFile(join(data, formatFile), "utf8")) as {
    writtenBy: string;
    formats: Record<string, object>;
  };
  expect(marks.formats["spool"]).toEqual({ format: 1, needs: "0.1.0" });
  marks.writtenBy = "7.1.0";
  marks.formats["spool"] = { format: 2, needs: "7.0.0" };
  await writeFile(join(data, formatFile), JSON.stringify(marks));
  const before = await digestOf(data);
  await expect(createRelay(await settingsOf(), { clock: clockOfThen() })).rejects.toThrow(
    /data needs Weir 7\.0\.0 or later, and this is Weir .*: it was written by Weir 7\.1\.0, and its spool \(spool\) has format 2, known is 1; nothing was changed$/,
  );
  expect(await digestOf(data)).toBe(before);
});

async function digestOf(directory: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => [join(entry.parentPath, entry.name), entry.isFile()] as const);
  for (const [path, isFile] of paths.sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(path).update(isFile ? await readFile(path) : "");
  return hash.digest("hex");
}
