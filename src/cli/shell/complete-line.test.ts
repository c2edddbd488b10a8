import { expect, it } from "vitest";
import { cmdlets } from "../cmdlets/all.ts";
import { completeLine } from "./complete-line.ts";

const known: Record<string, readonly string[]> = {
  receiveConnector: ["App Relay", "Other"],
  queue: ["Submission", "Out;[10.0.0.1]:25"],
};

it.each([
  ["Get-ReceiveC", ["Get-ReceiveConnector"], "Get-ReceiveC"],
  ["weir get-receivec", ["Get-ReceiveConnector"], "get-receivec"],
  ["exi", ["exit"], "exi"],
  ["Get-ReceiveConnector a", ["'App Relay'"], "a"],
  ["Get-ReceiveConnector 'App", ["'App Relay'"], "'App"],
  ["Get-Queue; Get-Queue o", ["'Out;[10.0.0.1]:25'"], "o"],
  ["Get-Queue | sel", ["select", "Select-Object"], "sel"],
  ["Get-Queue | Retry-Q", ["Retry-Queue"], "Retry-Q"],
  [
    "Set-ReceiveConnector 'App Relay' -MaxInboundConnectionPerS",
    ["-MaxInboundConnectionPerSource"],
    "-MaxInboundConnectionPerS",
  ],
  ["Set-EventLogLevel SmtpReceive -Level Ex", ["Expert"], "Ex"],
])("%s", async (line, found, last) => {
  const [all, word] = await completeLine(line, cmdlets, (candidates) =>
    Promise.resolve(known[candidates] ?? []),
  );
  expect([...all].sort()).toEqual([...found].sort());
  expect(word).toBe(last);
});
