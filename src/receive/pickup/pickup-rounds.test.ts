/** When a directory is looked through, in which order, and what is told of it: real files under a clock that is told. */
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { createTestSubmissions } from "../../testing/test-submissions.ts";
import { createPickup, type PickupSettings } from "./pickup.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "weir-rounds-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const message = (to: string): string => `From: a@s.test\nTo: ${to}@d.test\n\nbody\n`;

async function rig(connector: Partial<ReceiveConnectorSettings> = {}, given: Partial<PickupSettings> = {}) {
  const directory = await mkdtemp(join(scratch, "d-"));
  const it = createTestSubmissions(connector);
  const { clock, events, submissions } = it;
  const asked: string[] = [];
  const settings: PickupSettings = {
    pickupDirectoryPath: directory,
    replayDirectoryPath: undefined,
    pickupDirectoryMaxMessagesPerMinute: 6_000,
    pickupDirectoryMaxHeaderSize: 65_536,
    pickupDirectoryMaxRecipientsPerMessage: 100,
    pickupConnector: "APPRELAY",
    receiveConnectors: [it.submitter.connector],
    hostname: "relay.test",
    ...given,
  };
  const told: string[] = [];
  const pickup = createPickup(settings, {
    submissions: {
      ...submissions,
      submit(submitter, envelope, ...rest) {
        asked.push(envelope.recipients.map(({ address }) => address.replace(/@.*/, "")).join());
        return submissions.submit(submitter, envelope, ...rest);
      },
    },
    clock,
    events: {
      wants: () => true,
      emit(name, fields) {
        const { file = "", error = "" }: { readonly file?: string; readonly error?: string } = fields;
        told.push(`${name} ${file} ${error}`);
      },
    },
    isKept: async (id) => (await it.spool.find(id)) !== undefined,
  });
  /** Behind a look through each of the directories that are looked through. */
  const lookedThrough = (count = 1) => expect.poll(() => clock.pendingTimers).toBe(count);
  return {
    ...it,
    directory,
    settings,
    pickup,
    asked,
    told,
    events,
    lookedThrough,
    async write(names: readonly string[], at = 1_000) {
      for (const name of names) {
        const path = join(directory, `${name}.eml`);
        await writeFile(path, message(name));
        await utimes(path, at, at);
      }
    },
    /** Time goes on by so much, and the look that is due in it is awaited. */
    async pass(ms: number) {
      await clock.advance(ms);
      await lookedThrough();
    },
    async start() {
      pickup.start();
      await lookedThrough();
    },
  };
}

test("a file is taken a second after it was seen, those of one time by their names", async () => {
  const it = await rig();
  await it.write(["c", "a", "b"]);
  await it.write(["old"], 900);
  await it.start();
  await it.pass(999);
  expect(it.asked).toEqual([]);
  await it.pass(1);
  expect(it.asked).toEqual(["old", "a", "b", "c"]);
  expect(await readdir(it.directory)).toEqual([]);
  await it.pickup.stop();
  expect(it.clock.pendingTimers).toBe(0);
});

test("three that are refused for now in a row, and the others come first the next time", async () => {
  const it = await rig({ messageRateLimit: 0 });
  await it.write(["a", "b", "c", "d", "e", "new"]);
  await it.start();
  const asked = async (ms: number) => {
    const before = it.asked.length;
    await it.pass(ms);
    return it.asked.slice(before);
  };
  // It is being written meanwhile.
  await it.write(["new"], 2_000);
  expect(await asked(1_000)).toEqual(["a", "b", "c"]);
  await it.write(["new"], 3_000);
  // Those that were refused are to be quiet anew.
  expect(await asked(1_000)).toEqual(["d", "e"]);
  // It is the newest, and was not refused yet.
  expect(await asked(1_000)).toEqual(["new", "a", "b"]);
  expect(await readdir(it.directory)).toHaveLength(6);
  expect(it.told).toEqual([]);
  await it.pickup.stop();
});

test("no more are taken at a time than in five seconds of the rate, and then with it", async () => {
  const it = await rig({}, { pickupDirectoryMaxMessagesPerMinute: 24 });
  await it.write(["a", "b", "c", "d"]);
  await it.start();
  await it.pass(1_000);
  expect(it.asked).toHaveLength(2);
  await it.pass(5_000);
  expect(it.asked).toHaveLength(4);
  await it.pickup.stop();
});

test("what is wrong with a file is told once, until it is another one", async () => {
  const it = await rig({}, { pickupConnector: "Other" });
  await it.write(["a", "b"]);
  const waits = (name: string) =>
    `PickupFileWaits ${name}.eml no receive connector is named for it (pickupConnector)`;
  await it.start();
  for (let n = 0; n < 4; n++) await it.pass(5_000);
  expect(it.told).toEqual([waits("a"), waits("b")]);
  await rm(join(it.directory, "a.eml"));
  await it.pass(5_000);
  await it.write(["a"]);
  for (let n = 0; n < 3; n++) await it.pass(5_000);
  expect(it.told).toEqual([waits("a"), waits("b"), waits("a")]);
  // As soon as there is one, they are taken.
  await it.pickup.reconfigure({ ...it.settings, pickupConnector: "AppRelay" });
  for (let n = 0; n < 3; n++) await it.pass(5_000);
  expect(it.asked.toSorted()).toEqual(["a", "b"]);
  await it.pickup.stop();
});

test("what is no directory is told once, and again when it is so again", async () => {
  const it = await rig();
  const path = join(it.directory, "inner");
  await writeFile(path, "");
  await it.pickup.reconfigure({ ...it.settings, pickupDirectoryPath: path });
  await it.start();
  await it.pass(5_000);
  await rm(path);
  await it.pass(5_000);
  await it.pass(5_000);
  expect(it.told).toEqual([
    expect.stringMatching(/^PickupDirectoryFault {2}ENOTDIR: not a directory/),
    "PickupDirectoryFault  it is not there",
  ]);
  await it.pickup.stop();
});

test("directories follow the settings: one that stays goes on, one that is new begins, one that is gone ends", async () => {
  const it = await rig();
  const second = await mkdtemp(join(scratch, "d-"));
  await it.start();
  const both = { ...it.settings, replayDirectoryPath: second };
  await it.pickup.reconfigure(both);
  await it.lookedThrough(2);
  await writeFile(
    join(second, "x.eml"),
    "X-Sender: <a@s.test>\r\nX-Receiver: <x@d.test>\r\nSubject: s\r\n\r\n",
  );
  await it.write(["p"]);
  for (let n = 0; n < 3; n++) {
    await it.clock.advance(5_000);
    await it.lookedThrough(2);
  }
  expect(it.asked.map((name) => name.replace("<", "")).toSorted()).toEqual(["p", "x"]);
  await it.pickup.reconfigure({ ...both, pickupDirectoryPath: undefined });
  await it.lookedThrough(1);
  await it.write(["left"]);
  for (let n = 0; n < 3; n++) await it.pass(5_000);
  expect(await readdir(it.directory)).toEqual(["left.eml"]);
  await it.pickup.stop();
  await it.pickup.reconfigure(both);
  await it.clock.settle();
  expect(it.clock.pendingTimers).toBe(0);
});
