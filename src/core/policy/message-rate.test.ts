import { expect, test } from "vitest";
import { messageRateKey } from "./message-rate.ts";

test.each([
  ["None", "app", undefined],
  ["IPAddress", "app", "10.0.0.1"],
  ["User", "app", "user app"],
  ["User", undefined, "10.0.0.1"],
  ["All", "app", "user app 10.0.0.1"],
  ["All", undefined, "10.0.0.1"],
] as const)("%s counts %s by %s", (by, user, key) => {
  expect(messageRateKey(by, "10.0.0.1", user)).toBe(key);
});
