import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { watchFile } from "./watch.ts";

let folder: string;
let file: string;
let watch: ReturnType<typeof watchFile> | undefined;
let calls: number;
let notify: () => void;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "weir-watch-"));
  file = join(folder, "weir.yaml");
  calls = 0;
  notify = () => undefined;
});
afterEach(async () => {
  watch?.close();
  await rm(folder, { recursive: true });
});

function start(pollMs: number): void {
  watch = watchFile(
    file,
    () => {
      calls += 1;
      notify();
    },
    { settleMs: 5, pollMs },
  );
}
const nextCall = (): Promise<void> => new Promise((resolve) => (notify = resolve));

it.each([20, 60_000])(
  "tells of saving in place, by renaming over it, and of coming back (polling every %d ms)",
  async (pollMs) => {
    await writeFile(file, "one");
    let called = nextCall();
    start(pollMs);
    await called;

    called = nextCall();
    await writeFile(file, "two!");
    await called;

    called = nextCall();
    await writeFile(join(folder, ".weir.yaml.swp"), "three");
    await rename(join(folder, ".weir.yaml.swp"), file);
    await called;

    const before = calls;
    await rm(file);
    called = nextCall();
    await writeFile(file, "four, again");
    await called;
    expect(calls).toBeGreaterThan(before);
  },
);

it("tells nothing after close", async () => {
  await writeFile(file, "one");
  start(60_000);
  await watch?.ready;
  const before = calls;
  watch?.close();
  watch?.close();
  await writeFile(file, "two!");
  // Another watch of the same folder hears of a later change; by then the first one would have been called.
  const other = watchFile(join(folder, "other"), () => notify(), { settleMs: 50 });
  await other.ready;
  const called = nextCall();
  await writeFile(join(folder, "other"), "x");
  await called;
  other.close();
  expect(calls).toBe(before);
});

it("tells once at the beginning, for what was read before may be older; not when it is closed by then", async () => {
  await writeFile(file, "one");
  const called = nextCall();
  start(60_000);
  await called;
  watch?.close();
  start(60_000);
  watch?.close();
  await watch?.ready;
  await delay(30);
  expect(calls).toBe(1);
});
