import { expect, test } from "vitest";
import { headlineKeys } from "../../console/src/pages/now/headline-keys.ts";

const refused = { subject: "source", connector: "In", source: "10.0.0.1" } as const;

test("a sentence keeps its key while its words change", () => {
  const before = { ...refused, text: "3 times", count: 3 };
  const after = { ...refused, text: "4 times", count: 4 };
  expect(headlineKeys([after])).toEqual(headlineKeys([before]));
});

test("no two have the same, whatever they are about", () => {
  const all = [refused, refused, { ...refused, server: "b" }, { ...refused, setting: "messageRateLimit" }];
  expect(new Set(headlineKeys(all)).size).toBe(all.length);
});
