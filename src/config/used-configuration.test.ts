import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { usedConfiguration } from "./used-configuration.ts";

test("the last version that could be used is there at the next start, with what the node's file says then", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-used-"));
  try {
    const kept = usedConfiguration(folder);
    expect(await kept.last("own: 1")).toBeUndefined();
    await kept.keep({ text: "a: 1", ownText: "own: 1", version: 3, changeId: "x" });
    expect(await usedConfiguration(folder).last("own: 2")).toEqual({
      text: "a: 1",
      ownText: "own: 2",
      version: 3,
      changeId: "x",
    });
    await writeFile(join(folder, "node", "configuration-in-use.json"), "{");
    expect(await kept.last(undefined)).toBeUndefined();
  } finally {
    await rm(folder, { recursive: true });
  }
});
