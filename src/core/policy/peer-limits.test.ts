import { expect, it } from "vitest";
import { smallerRecipientCount, tightest } from "./peer-limits.ts";

it.each([
  [60, "550 5.5.3 Too many recipients", 30],
  [60, "550 5.5.3 Too many recipients (max 50)", 50],
  [60, "554 more than 50 recipients", 50],
  [60, "550 Recipient limit of 7", 7],
  [60, "550 maximum number of recipients is 20", 20],
  [60, "550 limit 100 exceeded", 30],
  [60, "550 limit 0", 30],
  [3, "too many", 1],
  [2, "too many", 1],
])("%i refused with %s: %i", (refused, text, expected) => {
  expect(smallerRecipientCount(refused, text)).toBe(expected);
});

it("the tightest limit counts", () => {
  expect(
    tightest(
      { recipientsPerTransaction: 100, messagesPerConnection: 20 },
      { recipientsPerTransaction: 50, messagesPerConnection: Infinity },
    ),
  ).toEqual({ recipientsPerTransaction: 50, messagesPerConnection: 20 });
});
