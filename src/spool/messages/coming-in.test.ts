import { expect, test } from "vitest";
import { comingIn } from "./coming-in.ts";

test("messages between their beginning and their end, by ranges of their ids", () => {
  const coming = comingIn(0);
  expect([coming.last, coming.between(0, Number.MAX_SAFE_INTEGER)]).toEqual([0, []]);
  const ids = Array.from({ length: 5 }, () => coming.begin(1_000));
  const [a, b, c, d, e] = ids as [number, number, number, number, number];
  expect(coming.last).toBe(e);
  expect(ids.every((id) => coming.has(id))).toBe(true);
  expect(coming.between(0, e)).toEqual(ids);
  expect(coming.between(a, d)).toEqual([b, c, d]);
  expect(coming.between(a - 1, a)).toEqual([a]);
  expect(coming.between(e, e + 1)).toEqual([]);
  coming.end(c);
  coming.end(c);
  expect([coming.has(c), coming.between(b, d)]).toEqual([false, [d]]);
  expect(coming.last).toBe(e);
});

test("begins above the last id of an earlier run, whatever the clock says", () => {
  const { last } = (() => {
    const earlier = comingIn(0);
    earlier.begin(5_000);
    return earlier;
  })();
  const coming = comingIn(last);
  expect(coming.last).toBe(last);
  expect(coming.begin(1)).toBeGreaterThan(last);
});
