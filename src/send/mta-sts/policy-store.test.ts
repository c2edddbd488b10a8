/** Which policies the disk keeps where there are more than it is to hold, and for how long where clocks are set. */
import { beforeEach, describe, expect, test } from "vitest";
import { isDueForRefresh, kept, type KeptPolicy } from "../../core/mta-sts/kept-policy.ts";
import { readPolicy } from "../../core/mta-sts/policy.ts";
import type { KeptValues } from "../../spool/store/kept-values.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { policyText } from "../../testing/policy-host.ts";
import { createPolicyStore, type PolicyStore } from "./policy-store.ts";

const hour = 3_600_000;
const day = 24 * hour;
const right = Date.UTC(2026, 0, 15);
const most = 3;

function policyFor(seconds: number, clock: FakeClock): KeptPolicy {
  const read = readPolicy(policyText("mode: enforce", "mx: mx.test", `max_age: ${seconds}`));
  if (read.kind === "invalid") throw new Error(read.reason);
  return kept(read.policy, "1", clock.now());
}

/** A process that begins under a wall clock, which is `set` later. */
function settable(startMs: number): FakeClock & { set(toMs: number): void } {
  const clock = createFakeClock(startMs);
  let ahead = 0;
  const wall = (): Date => new Date(clock.now() + ahead);
  return Object.assign(clock, { wall, set: (toMs: number) => void (ahead = toMs - clock.now()) });
}

function opened(
  clock: FakeClock,
  disk: Map<string, Buffer>,
): {
  store: PolicyStore;
  told: string[];
  values: { -readonly [Name in keyof KeptValues]: KeptValues[Name] };
} {
  const told: string[] = [];
  const values: KeptValues = {
    get: (key) => disk.get(key),
    keys: (prefix) => [...disk.keys()].filter((key) => key.startsWith(prefix)),
    async write(written) {
      await Promise.resolve();
      for (const { key, value } of written) {
        if (value === undefined) disk.delete(key);
        else disk.set(key, value);
      }
    },
    close: () => Promise.resolve(),
  };
  const store = createPolicyStore(
    () => Promise.resolve(values),
    clock,
    (fault) => told.push(String(fault)),
    most,
  );
  return { store, told, values };
}

/** In the order of their names, as the disk has them behind a restart. */
const domains = (disk: Map<string, Buffer>): string[] =>
  Array.from(disk.keys(), (key) => key.replace(/^policy /, "")).toSorted();

test("what is in force is not forgotten for newcomers; what has ended is", async () => {
  const clock = createFakeClock();
  const disk = new Map<string, Buffer>();
  const { store, told } = opened(clock, disk);
  store.set("victim.test", policyFor(30 * 86_400, clock));
  store.set("b.test", policyFor(7_200, clock));
  store.set("c.test", policyFor(30 * 86_400, clock));
  for (let n = 0; n < 10; n++) store.set(`evil${n}.test`, policyFor(31_557_600, clock));
  await store.close();
  expect(domains(disk)).toEqual(["b.test", "c.test", "victim.test"]);
  expect(told).toEqual([expect.stringContaining("it holds 3 policies in force")]);
  // In memory it counts all the same.
  expect((await store.get("evil3.test"))?.policy.mode).toBe("enforce");

  await clock.advance(2 * hour);
  store.set("new.test", policyFor(86_400, clock));
  store.set("other.test", policyFor(86_400, clock));
  await store.close();
  expect(domains(disk)).toEqual(["c.test", "new.test", "victim.test"]);
});

test("one that is there is written anew, however many there are; over a restart too", async () => {
  const clock = createFakeClock();
  const disk = new Map<string, Buffer>();
  const first = opened(clock, disk).store;
  for (const domain of ["a.test", "b.test", "c.test"]) first.set(domain, policyFor(86_400, clock));
  await first.close();
  await clock.advance(hour);
  const { store } = opened(clock, disk);
  store.set("a.test", policyFor(2 * 86_400, clock));
  store.set("d.test", policyFor(86_400, clock));
  await store.close();
  expect(domains(disk)).toEqual(["a.test", "b.test", "c.test"]);
  await clock.advance(30 * hour);
  const later = opened(clock, disk).store;
  expect(await later.get("b.test")).toBeUndefined();
  expect((await later.get("a.test"))?.policy.mode).toBe("enforce");
});

test("a disk that cannot be read is told, and asked again", async () => {
  const clock = createFakeClock();
  const disk = new Map<string, Buffer>();
  const first = opened(clock, disk).store;
  first.set("a.test", policyFor(86_400, clock));
  await first.close();
  const { store, told, values } = opened(clock, disk);
  const { keys } = values;
  values.keys = () => {
    throw new Error("EIO");
  };
  expect(await store.get("a.test")).toBeUndefined();
  values.keys = keys;
  expect((await store.get("a.test"))?.policy.mode).toBe("enforce");
  expect(told).toEqual(["Error: EIO"]);
});

describe("a wall clock that is set", () => {
  const disk = new Map<string, Buffer>();
  beforeEach(() => disk.clear());

  test.each([
    ["was in 2020", Date.UTC(2020, 0, 1)],
    ["was a day behind", right - day],
    ["was a day ahead", right + day],
    ["was in 2036", Date.UTC(2036, 0, 1)],
  ])("where it %s, what was fetched counts from then, behind a restart too", async (_, wrong) => {
    const clock = settable(wrong);
    const first = opened(clock, disk).store;
    first.set("a.test", policyFor(7 * 86_400, clock));
    await clock.advance(hour);
    clock.set(right);
    // Whatever is asked for next; then it is killed.
    await first.get("other.test");
    await clock.settle();

    const later = createFakeClock(right + 6 * day);
    const known = await opened(later, disk).store.get("a.test");
    expect(known?.until).toBe(right - hour + 7 * day);
    expect(await opened(createFakeClock(right + 7 * day), disk).store.get("a.test")).toBeUndefined();
  });

  test("where it is wrong at a start, what the disk has is in force, is due in a day, and stays as it is", async () => {
    const clock = createFakeClock(right);
    const first = opened(clock, disk).store;
    first.set("a.test", policyFor(7 * 86_400, clock));
    await first.close();
    const written = String(disk.get("policy a.test"));
    for (const wrong of [Date.UTC(2020, 0, 1), right - 2 * hour]) {
      const behind = settable(wrong);
      const { store } = opened(behind, disk);
      const known = (await store.get("a.test"))!;
      expect(isDueForRefresh(known, wrong + day - 1)).toBe(false);
      expect(isDueForRefresh(known, wrong + day)).toBe(true);
      expect(known.until).toBe(wrong + 7 * day);
      behind.set(right + hour);
      await store.get("a.test");
      await store.close();
      expect(String(disk.get("policy a.test"))).toBe(written);
    }
  });

  test("what was dated by one that was ahead ends a max_age later, however often the relay starts", async () => {
    const ahead = createFakeClock(Date.UTC(2036, 0, 1));
    const first = opened(ahead, disk).store;
    first.set("a.test", policyFor(7 * 86_400, ahead));
    await first.close();
    for (let days = 0; days < 12; days++) {
      const clock = createFakeClock(right + days * day);
      const { store } = opened(clock, disk);
      expect([days, (await store.get("a.test"))?.until]).toEqual([
        days,
        days < 7 ? right + 7 * day : undefined,
      ]);
      await store.settle();
      await store.close();
    }
  });
});
