import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createEventLog } from "../events/event-log.ts";
import type { EventRecord } from "../events/events.ts";
import { replaceConfigurationText } from "./edit-file.ts";
import { fileStore, fileText } from "./file-store.ts";
import { createLiveConfiguration, type Configurable, type LiveConfiguration } from "./live-configuration.ts";
import { parseConfig } from "./parse-config.ts";
import type { Settings } from "./settings.ts";

const text = `hostname: relay.test
receiveConnectors:
  - name: A   # first
    bindings: ["127.0.0.1:2525"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    maxHopCount: 10
`;

let directory: string;
let file: string;
let relay: Configurable & { readonly applied: Settings[]; hold?: Promise<void> };
let live: LiveConfiguration;
let events: EventRecord[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-live-"));
  file = join(directory, "weir.yaml");
  await writeFile(file, text);
  const parsed = parseConfig(text, { file });
  if (!parsed.ok) throw new Error("the test's configuration has faults");
  let settings = parsed.settings;
  const log = createEventLog({ clock: { wall: () => new Date() }, levels: {} });
  events = [];
  log.subscribe((record) => events.push(record));
  relay = {
    applied: [],
    get settings() {
      return settings;
    },
    events: log,
    failedListeners: () => [],
    async reconfigure(next) {
      await relay.hold;
      settings = next;
      relay.applied.push(next);
    },
  };
  live = createLiveConfiguration({ store: fileStore(file), written: fileText(text), parsed, relay });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const set = (maxHopCount: number | null, whatIf = false) =>
  live.edit({ kind: "set", section: "receiveConnectors", name: "A", settings: { maxHopCount } }, whatIf);
const hops = (): number | undefined => relay.settings.receiveConnectors[0]?.maxHopCount;
const names = (): string[] => events.map(({ name }) => name);

describe("an edit", () => {
  test("is written, applied and told before it resolves", async () => {
    const outcome = await set(20);
    expect(outcome).toMatchObject({ kind: "changed", applied: true, problems: [], needsRestart: [] });
    expect(hops()).toBe(20);
    expect(await readFile(file, "utf8")).toBe(text.replace("10", "20"));
    expect(names()).toEqual(["ConfigurationApplied"]);
    expect(live.applied.text).toBe(text.replace("10", "20"));
  });

  test("keeps the file's mode, follows its link, leaves nothing behind", async () => {
    await mkdir(join(directory, "real"));
    await rename(file, join(directory, "real", "weir.yaml"));
    await symlink(join("real", "weir.yaml"), file);
    await chmod(join(directory, "real", "weir.yaml"), 0o640);
    await set(20);
    const real = join(directory, "real", "weir.yaml");
    expect((await stat(real)).mode & 0o777).toBe(0o640);
    expect(await readFile(real, "utf8")).toContain("maxHopCount: 20");
    expect(await readdir(directory)).toEqual(["real", "weir.yaml"]);
    expect(await readdir(join(directory, "real"))).toEqual(["weir.yaml"]);
  });

  test("builds on what somebody saved meanwhile", async () => {
    await writeFile(file, text.replace("# first", "# the first"));
    await set(20);
    expect(await readFile(file, "utf8")).toContain("name: A   # the first");
  });

  test("of a file with faults is refused with them", async () => {
    await writeFile(file, text.replace("maxHopCount", "maxHopCuont"));
    expect(await set(20)).toMatchObject({ kind: "faults", faults: [{ suggestion: "maxHopCount" }] });
    expect(relay.applied).toEqual([]);
  });

  test("waits for its turn", async () => {
    let release = (): void => undefined;
    relay.hold = new Promise((resolve) => (release = resolve));
    const all = Promise.all([set(20), set(21), live.reload(), set(null, true)]);
    release();
    await all;
    expect(relay.applied.map((settings) => settings.receiveConnectors[0]?.maxHopCount)).toEqual([20, 21, 21]);
  });
});

test("a file that is changed while it is replaced stays, and the temporary one goes", async () => {
  await expect(replaceConfigurationText(file, "what it held before", "new")).rejects.toMatchObject({
    code: "fileChanged",
  });
  await expect(replaceConfigurationText(join(directory, "none.yaml"), "", "new")).rejects.toMatchObject({
    code: "fileFault",
  });
  expect(await readFile(file, "utf8")).toBe(text);
  expect(await readdir(directory)).toEqual(["weir.yaml"]);
});

describe("a saved file", () => {
  test("is applied once, and an edit of ours not again", async () => {
    const watch = live.follow();
    try {
      await set(20);
      await writeFile(file, text.replace("10", "30"));
      await expect.poll(hops).toBe(30);
      expect(names()).toEqual(["ConfigurationApplied", "ConfigurationApplied"]);
    } finally {
      watch.close();
    }
  });

  test("is applied on SIGHUP, changed or not, as long as it is followed", async () => {
    const before = process.listenerCount("SIGHUP");
    const watch = live.follow();
    expect(process.listenerCount("SIGHUP")).toBe(before + 1);
    process.emit("SIGHUP");
    await expect.poll(() => relay.applied.length).toBe(1);
    watch.close();
    expect(process.listenerCount("SIGHUP")).toBe(before);
  });

  test("with faults changes nothing and tells them; reload answers with them", async () => {
    await writeFile(file, "receiveConnectors: 5");
    expect(await live.reload()).toMatchObject({ kind: "faults" });
    expect(names()).toEqual(["ConfigurationRejected", "SmtpReceiveConfigurationInvalid"]);
    expect(hops()).toBe(10);
    await rm(file);
    await expect(live.reload()).rejects.toMatchObject({ code: "fileFault" });
  });

  test("with faults is told once, though it is asked to be read as well; a signal has it told again", async () => {
    const rejections = (): number => names().filter((name) => name === "ConfigurationRejected").length;
    const watch = live.follow();
    try {
      await writeFile(file, "receiveConnectors: 5");
      expect(await live.reload()).toMatchObject({ kind: "faults" });
      await expect.poll(rejections).toBe(1);
      expect(await live.reload()).toMatchObject({ kind: "faults" });
      expect(rejections()).toBe(1);
      process.emit("SIGHUP");
      await expect.poll(rejections).toBe(2);
      await writeFile(file, "receiveConnectors: 6");
      await expect.poll(rejections).toBe(3);
      await writeFile(file, text);
      await expect.poll(() => relay.applied.length).toBe(1);
      await writeFile(file, "receiveConnectors: 6");
      await expect.poll(rejections).toBe(4);
    } finally {
      watch.close();
    }
  });

  test("with another hostname holds it for the next start", async () => {
    await writeFile(file, text.replace("relay.test", "other.test"));
    expect(await live.reload()).toMatchObject({ needsRestart: ["hostname"] });
    const { hostname, receiveConnectors, transport } = relay.settings;
    expect([hostname, receiveConnectors[0]?.fqdn, transport.externalPostmasterAddress]).toEqual([
      "relay.test",
      "relay.test",
      "postmaster@relay.test",
    ]);
    expect(events.at(-1)?.fields["changes"]).toBe(
      `hostname "relay.test" → "other.test" (hostname from the next start on)`,
    );
  });
});
