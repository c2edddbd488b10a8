import { chown, mkdtemp, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownerIfForeign } from "./data-owner.ts";

test.runIf(process.geteuid?.() === 0)("root starts no relay on what is another user's", async () => {
  const directory = await mkdtemp(join(tmpdir(), "weir-owner-"));
  expect(await ownerIfForeign(directory)).toBeUndefined();
  await chown(directory, 4_321, 4_321);
  expect(await ownerIfForeign(directory)).toContain("belongs to user 4321");
  expect(await ownerIfForeign(directory)).toContain("sudo -u '#4321' weir start");
  await rmdir(directory);
});

test("others are told by the system what they may not, and what is not there yet is nobody's", async () => {
  expect(await ownerIfForeign("/", 1_000)).toBeUndefined();
  expect(await ownerIfForeign("/no/such/directory", 0)).toBeUndefined();
});
