import { expect, test } from "vitest";
import { countOf, durationOf, isYes, networkOf, sizeOf } from "./values.ts";

test.each([
  ["yes", true],
  ["Yes", true],
  ["no", false],
  ["yes ", false],
  [undefined, false],
])("%j is yes: %s", (value, yes) => {
  expect(isYes(value)).toBe(yes);
});

test.each([
  ["300s", "m", "5m"],
  ["5", "m", "5m"],
  ["5", "s", "5s"],
  ["2h", "s", "2h"],
  ["5D", "s", "5d"],
  ["1w", "s", "7d"],
  ["5 m", "s", "5m"],
  ["5x", "s", undefined],
  ["", "s", undefined],
  ["-5", "s", undefined],
  ["1234567890", "s", undefined],
] as const)("the time %j in %s is %j", (value, unit, duration) => {
  expect(durationOf(value, unit)).toBe(duration);
});

test.each([
  ["0", 0],
  ["50", 50],
  ["123456789", 123_456_789],
  ["1234567890", undefined],
  ["-1", undefined],
  ["5k", undefined],
  ["", undefined],
])("the number %j is %j", (value, count) => {
  expect(countOf(value)).toBe(count);
});

test.each([
  ["10240000", "10000KB"],
  ["1048576", "1MB"],
  ["10M", undefined],
])("the size %j is %j", (value, size) => {
  expect(sizeOf(value)).toBe(size);
});

test.each([
  ["192.0.2.0/24", "192.0.2.0/24"],
  ["192.0.2.7", "192.0.2.7"],
  ["[2001:db8::]/32", "2001:db8::/32"],
  ["[::1]", "::1"],
  ["192.0.2", "192.0.2.0/24"],
  ["172.16", "172.16.0.0/16"],
  ["10", "10.0.0.0/8"],
  ["300", undefined],
  ["1234", undefined],
  ["example.com", undefined],
  ["", undefined],
])("the network %j is %j", (word, range) => {
  expect(networkOf(word)).toBe(range);
});
