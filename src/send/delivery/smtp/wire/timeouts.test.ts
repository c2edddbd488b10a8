import { expect, test } from "vitest";
import { timeouts } from "./timeouts.ts";

const minute = 60_000;

// RFC 5321 §4.5.3.2.1 to .6: what a client grants at least.
test.each([
  ["the greeting", timeouts.greetingMs, 5 * minute],
  ["MAIL", timeouts.mailMs, 5 * minute],
  ["RCPT", timeouts.recipientMs, 5 * minute],
  ["DATA", timeouts.dataMs, 2 * minute],
  ["a block of content", timeouts.blockMs, 3 * minute],
  ["the end of the content", timeouts.finalMs, 10 * minute],
])("%s", (_, given, standard) => {
  expect(given).toBe(standard);
});

test("of our own", () => {
  const { connectMs, startTlsMs, tlsHandshakeMs, resolveMs, slowOpeningMs, quitMs, afterQuitMs, idleMs } =
    timeouts;
  expect([connectMs, resolveMs, idleMs].map((ms) => ms / 1000)).toEqual([30, 30, 30]);
  expect([startTlsMs, tlsHandshakeMs].map((ms) => ms / 1000)).toEqual([60, 60]);
  expect([slowOpeningMs, quitMs, afterQuitMs].map((ms) => ms / 1000)).toEqual([20, 5, 1]);
});
