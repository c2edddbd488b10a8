import { expect, test } from "vitest";
import { adviceFor } from "./advice.ts";

test.each([
  ["4.4.7", "400 4.4.7 QUEUE.Expired", /time allowed/],
  ["4.4.7", "450 4.4.7 later", /is waiting/],
  ["5.1.0", "", /does not know this address/],
  ["5.1.1", "", /does not know this address/],
  ["5.1.6", "", /does not know this address/],
  ["5.1.2", "", /domain cannot be found/],
  ["5.1.10", "", /domain cannot be found/],
  ["5.4.1", "", /domain cannot be found/],
  ["5.4.4", "", /domain cannot be found/],
  ["5.1.3", "", /not written correctly/],
  ["5.1.7", "", /sender's address/],
  ["5.1.8", "", /sender's address/],
  ["4.2.2", "", /mailbox is full/],
  ["5.2.2", "", /mailbox is full/],
  ["5.2.1", "", /takes no messages/],
  ["5.2.3", "", /too large/],
  ["5.3.4", "", /too large/],
  ["5.4.6", "", /in circles/],
  ["5.6.3", "", /message's form/],
  ["5.7.509", "", /by its rules/],
  ["4.2.1", "", /mailbox cannot take/],
  ["4.3.2", "", /cannot be reached or cannot take/],
  ["4.4.1", "", /cannot be reached or cannot take/],
  ["4.7.1", "", /does not take the message yet/],
  ["4.0.0", "", /for the time being/],
  ["5.0.0", "", /refused the message/],
  ["5.1.11", "", /refused the message/],
])("%s %s", (status, diagnostic, expected) => {
  expect(adviceFor(status, diagnostic)[0]).toMatch(expected);
});
