import { expect, test } from "vitest";
import { groupId, groupIn } from "./group-id.ts";

test.each([
  ["root:x:0:\nweir:x:112:anna,ben\n", "weir", 112],
  ["weir:x:112:", "wei", undefined],
  ["weird:x:113:\nweir:x:112:\n", "weir", 112],
  ["weir:x:", "weir", undefined],
  ["weir:x:many:", "weir", undefined],
  ["", "weir", undefined],
])("in %j the group %s is %j", (entries, name, id) => {
  expect(groupIn(entries, name)).toBe(id);
});

test.skipIf(process.platform === "win32")("the system is asked", async () => {
  expect(await groupId("1234")).toBe(1234);
  await expect(groupId("no-such-group-of-weir")).rejects.toThrow("there is no group no-such-group-of-weir");
});

test.runIf(process.platform === "linux")("root's group is 0", async () => {
  expect(await groupId("root")).toBe(0);
});
