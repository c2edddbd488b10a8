import { expect, test } from "vitest";
import { smallerRecipientCount, tightest } from "./peer-limits.ts";

test("the tightest of all sources, each limit by itself", () => {
  const none = { recipientsPerTransaction: Infinity, messagesPerConnection: Infinity };
  expect(tightest()).toEqual(none);
  expect(
    tightest({ recipientsPerTransaction: 100, messagesPerConnection: 5 }, none, {
      recipientsPerTransaction: 50,
      messagesPerConnection: 20,
    }),
  ).toEqual({ recipientsPerTransaction: 50, messagesPerConnection: 5 });
});

test.each([
  [100, "452 4.5.3 Too many recipients", 50],
  [100, "452 4.5.3 too many recipients, the maximum is 20", 20],
  [100, "452 limit 99", 99],
  [100, "452 limit 100", 50],
  [100, "452 at most 1", 1],
  [100, "452 at most 0", 50],
  [100, "452 only 123456 octets", 50],
  [101, "452", 50],
  [2, "452", 1],
  [1, "452", 1],
])("of %d refused with %j, %d are sent next", (refused, text, count) => {
  expect(smallerRecipientCount(refused, text)).toBe(count);
});
