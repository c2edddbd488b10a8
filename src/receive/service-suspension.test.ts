import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openServiceSuspension } from "./service-suspension.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-service-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const ann = { since: "2026-01-01T00:00:00.000Z", by: "Ann" };

test("is kept, and only what changes something is a change", async () => {
  const first = await openServiceSuspension(directory);
  expect(first.now).toBeUndefined();
  expect(await first.set(undefined)).toBe(false);
  expect(await first.set(ann)).toBe(true);
  expect(await first.set({ ...ann, by: "Bob" })).toBe(false);
  const second = await openServiceSuspension(directory);
  expect(second.now).toEqual(ann);
  expect(await second.set(undefined)).toBe(true);
  expect((await openServiceSuspension(directory)).now).toBeUndefined();
});

test.each(["", "{", "[]", `{"since":1,"by":"x"}`])("a file that holds %j is not understood", async (text) => {
  await writeFile(join(directory, "suspended-service.json"), text);
  await expect(openServiceSuspension(directory)).rejects.toThrow("suspended-service.json does not say");
});
