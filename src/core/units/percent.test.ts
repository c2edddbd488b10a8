import { expect, test } from "vitest";
import { parsePercent } from "./percent.ts";

test.each([
  [0, 0],
  ["2", 2],
  [" 2 % ", 2],
  ["100%", 100],
])("%j is %d", (text, value) => {
  expect(parsePercent(text)).toMatchObject({ value });
});

test.each(["101", "1000", "-1", "2.5", "", "%", "2 percent"])("%j is refused, and named", (text) => {
  expect(parsePercent(text)).toMatchObject({
    message: expect.stringContaining(JSON.stringify(text)) as string,
  });
});
