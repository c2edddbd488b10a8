import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openKeptValues } from "./kept-values.ts";

test("values are there when it is opened again, in order, and those that were removed are not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "weir-kept-values-"));
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
  rmSync(folder, { recursive: true });
});
