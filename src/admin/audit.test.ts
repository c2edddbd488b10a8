import { expect, test } from "vitest";
import { adminAction } from "./audit.ts";

test.each([
  ["setReceiveConnector", { name: "AppRelay", settings: { comment: "s3cr3t" } }, "AppRelay"],
  ["restoreConfigurationVersion", { version: 6 }, "6"],
  ["retryQueue", {}, ""],
] as const)("%s tells what it was done to, and nothing else of %j", (operation, input, target) => {
  expect(
    adminAction({ name: "anna", from: "socket", role: "administrator" }, operation, input, "did"),
  ).toEqual({
    who: "anna",
    from: "socket",
    outcome: "did",
    operation,
    target,
  });
});
