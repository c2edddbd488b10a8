import { expect, test } from "vitest";
import { nearest } from "./nearest-name.ts";

const names = ["maxInboundConnection", "maxInboundConnectionPerSource", "maxMessageSize", "name", "comment"];

test.each([
  ["MaxInboundConnection", "maxInboundConnection"],
  ["maxInboundConections", "maxInboundConnection"],
  ["maxInboundConnectionPerSuorce", "maxInboundConnectionPerSource"],
  ["maxMesageSize", "maxMessageSize"],
  ["nmae", "name"],
  ["bindings", undefined],
  ["maxMessage", "maxMessageSize"],
  ["maxInbound", undefined],
  ["com", undefined],
  ["x".repeat(100_000), undefined],
])("%.30s is near %s", (given, expected) => {
  expect(nearest(given, names)).toBe(expected);
});
