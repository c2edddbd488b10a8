import { expect, it } from "vitest";
import { withoutServer } from "./server-prefix.ts";

it.each([
  ["EX01\\App Relay", "receiveConnector", "App Relay"],
  ["ex01.corp.example\\Out", "sendConnector", "Out"],
  ["App Relay", "receiveConnector", "App Relay"],
  ["EX01\\*", "queue", "*"],
  ["EX01\\Submission", "queue", "Submission"],
  ["EX01\\Submission\\893", "message", "Submission\\893"],
  ["EX01\\Out;[10.0.0.1]:25\\893", "message", "Out;[10.0.0.1]:25\\893"],
  ["EX01\\893", "message", "893"],
  ["Submission\\893", "message", "Submission\\893"],
  ["unreachable\\893", "queue", "unreachable\\893"],
  ["Out;[10.0.0.1]:25\\893", "message", "Out;[10.0.0.1]:25\\893"],
  ["Drop;C:\\weir\\drop", "queue", "Drop;C:\\weir\\drop"],
  ["MSExchangeTransport\\SmtpReceive", "category", "MSExchangeTransport\\SmtpReceive"],
  ["CORP\\user", undefined, "CORP\\user"],
] as const)("%s as %s is %s", (text, candidates, bare) => {
  expect(withoutServer(text, candidates)).toBe(bare);
});
