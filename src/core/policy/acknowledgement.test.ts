import { expect, it } from "vitest";
import { acknowledgementOf } from "./acknowledgement.ts";

it.each([
  [0, 1, { kind: "now" }],
  [0, 5000, { kind: "now" }],
  [30_000, 1, { kind: "held", delayMs: 30_000 }],
  [30_000, 100, { kind: "held", delayMs: 30_000 }],
  [30_000, 101, { kind: "skipped", queued: 101 }],
])("maxAcknowledgementDelay %s ms, %s queued", (maxAcknowledgementDelay, queued, acknowledgement) => {
  expect(acknowledgementOf({ maxAcknowledgementDelay }, queued)).toEqual(acknowledgement);
});
