import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openKeptValues } from "./kept-values.ts";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "weir-kept-values-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("values are there when it is opened again, in order, and those that were removed are not", async () => {
  const directory = join(folder, "of", "others");
  let values = await openKeptValues(directory);
  const put = (key: string, value: string | undefined) => ({
    key,
    value: value === undefined ? undefined : Buffer.from(value),
  });
  const first = values.write([put("b ü", "1"), put("a 2", "2"), put("a 1", "3")]);
  const second = values.write([put("a 2", undefined), put("a none", undefined), put("b ü", "4")]);
  await Promise.all([first, second]);
  await values.close();
  values = await openKeptValues(directory);
  expect([values.keys("a "), values.keys("b "), values.keys("c")]).toEqual([["a 1"], ["b ü"], []]);
  expect(values.get("b ü")?.toString()).toBe("4");
  expect(values.get("a 2")).toBeUndefined();
  await values.write([put("c", "7")]);
  expect(values.keys("c")).toEqual(["c"]);
  await values.close();
});

const onlyFile = (): string => {
  const [name = "", ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  return join(folder, name);
};

test("a file that is mostly out of date is written anew, and only the newest is kept", async () => {
  const values = await openKeptValues(folder);
  const put = (round: number) =>
    values.write([0, 1, 2].map((n) => ({ key: `k${n}`, value: Buffer.alloc(200_000, round) })));
  for (let round = 1; round <= 6; round++) await put(round);
  expect(statSync(onlyFile()).size).toBeLessThan(2_500_000);
  expect(values.get("k1")?.equals(Buffer.alloc(200_000, 6))).toBe(true);
  await values.close();
});

test("where it cannot be written, nothing of it is kept; it goes on when it can", async () => {
  const directory = join(folder, "of");
  const values = await openKeptValues(directory);
  rmSync(directory, { recursive: true });
  await expect(values.write([{ key: "a", value: Buffer.from("1") }])).rejects.toMatchObject({
    code: "failed",
  });
  expect(values.keys("")).toEqual([]);
  mkdirSync(directory);
  await values.write([{ key: "a", value: Buffer.from("2") }]);
  expect(values.get("a")?.toString()).toBe("2");
  await values.close();
  await expect(values.write([])).rejects.toThrow("closed");
});

/** Ten rounds over six keys; the value says which. */
async function written(): Promise<Buffer> {
  const values = await openKeptValues(folder);
  for (let round = 0; round < 10; round++)
    await values.write(
      [0, 1, 2].map((n) => ({
        key: `k${(round + n) % 6}`,
        value: Buffer.from(`k${(round + n) % 6} ${"x".repeat(round * 7)}`),
      })),
    );
  await values.close();
  return readFileSync(onlyFile());
}

type Damage = (octets: Buffer, at: number) => Buffer;
const flipped: Damage = (octets, at) => {
  const damaged = Buffer.from(octets);
  damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
  return damaged;
};
const overwritten: Damage = (octets, at) =>
  Buffer.from(octets).fill("WK1\0", at, Math.min(octets.length, at + 40));

test.each<[string, Damage, boolean]>([
  ["cut off anywhere, as a kill leaves it", (octets, at) => octets.subarray(0, at), false],
  ["with a bit that flipped", flipped, true],
  ["with a part overwritten", overwritten, true],
  [
    "with a part missing",
    (octets, at) => Buffer.concat([octets.subarray(0, at), octets.subarray(at + 9)]),
    true,
  ],
  ["of zeros", (octets) => Buffer.alloc(octets.length), true],
  ["of other octets", (octets, at) => Buffer.from(Array.from(octets, (_, n) => (n * 7919 + at) % 251)), true],
])("a file %s is opened, told, and taken up again", async (_what, damage, isDamage) => {
  const whole = await written();
  const path = onlyFile();
  let told = 0;
  for (let at = 0; at < whole.length; at += 41) {
    rmSync(onlyFile());
    writeFileSync(path, damage(whole, at));
    const values = await openKeptValues(folder, () => told++);
    for (const key of values.keys("")) expect(values.get(key)?.toString()).toMatch(new RegExp(`^${key} x*$`));
    await values.write([{ key: "new", value: Buffer.from("new") }]);
    const kept = values.keys("");
    await values.close();
    const again = await openKeptValues(folder, (what) => expect.unreachable(what));
    expect([again.keys(""), again.get("new")?.toString()]).toEqual([kept, "new"]);
    await again.close();
  }
  expect(told > 0).toBe(isDamage);
});
