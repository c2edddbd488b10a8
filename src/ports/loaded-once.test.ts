import { expect, test } from "vitest";
import { loadedOnce } from "./loaded-once.ts";

test("a load that failed is tried again; one that succeeded never", async () => {
  let loads = 0;
  const load = loadedOnce(() => (++loads < 2 ? Promise.reject(new Error("EMFILE")) : Promise.resolve(loads)));
  await expect(Promise.all([load(), load()])).rejects.toThrow("EMFILE");
  expect(await Promise.all([load(), load()])).toEqual([2, 2]);
  expect(await load()).toBe(2);
});
