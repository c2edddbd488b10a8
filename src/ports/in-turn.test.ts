import { expect, test } from "vitest";
import { createInTurn } from "./in-turn.ts";

test("one after the other, in the order of the calls, whatever each of them takes", async () => {
  const inTurn = createInTurn();
  const told: string[] = [];
  const slow = inTurn(async () => {
    told.push("first begins");
    await new Promise((resolve) => setImmediate(resolve));
    told.push("first ends");
    return 1;
  });
  const quick = inTurn(() => {
    told.push("second");
    return Promise.resolve(2);
  });
  expect(await Promise.all([slow, quick])).toEqual([1, 2]);
  expect(told).toEqual(["first begins", "first ends", "second"]);
});

test("one that fails tells its caller only", async () => {
  const inTurn = createInTurn();
  const failed = inTurn(() => Promise.reject(new Error("full disk")));
  const next = inTurn(() => Promise.resolve("done"));
  await expect(failed).rejects.toThrow("full disk");
  expect(await next).toBe("done");
});
