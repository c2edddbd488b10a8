import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatBesideLimit,
  formatByteSize,
  formatConfiguredSize,
  formatExactFigure,
  parseByteSize,
} from "./byte-size.ts";

test.each([
  ["25MB", 26_214_400],
  ["25 mb", 26_214_400],
  ["64KB", 65_536],
  [65_536, 65_536],
  ["1024", 1024],
  ["7B", 7],
  ["1.5MB", 1_572_864],
  ["2GB", 2_147_483_648],
  ["1TB", 1_099_511_627_776],
  ["36 MB (37,748,736 bytes)", 37_748_736],
  ["35.29 MB (37,000,001 bytes)", 37_000_001],
  ["0", 0],
])("%s is %d octets", (text, sizeBytes) => {
  expect(parseByteSize(text)).toEqual({ ok: true, value: sizeBytes });
});

test.each([
  ["25 megabytes", /not a size/],
  ["25MiB", /not a size/],
  ["-1", /not a size/],
  ["", /not a size/],
  ["1.5", /whole number/],
  ["36 MB (37 bytes)", /two different/],
  ["99999999TB", /too large/],
])("%s is refused", (text, message) => {
  const result = parseByteSize(text);
  expect(result.ok ? "" : result.message).toMatch(message);
});

test.each([
  [37_748_736, "36 MB (37,748,736 bytes)", "36MB"],
  [37_000_000, "35.29 MB (37,000,000 bytes)", "37000000"],
  [512, "512 B (512 bytes)", "512"],
  [0, "0 B (0 bytes)", "0"],
  [Infinity, "unlimited", "unlimited"],
])("%d prints as %s and %s", (sizeBytes, shown, configured) => {
  expect(formatByteSize(sizeBytes)).toBe(shown);
  expect(formatConfiguredSize(sizeBytes)).toBe(configured);
});

test("what is printed is read back exactly", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (sizeBytes) => {
      expect(parseByteSize(formatByteSize(sizeBytes))).toEqual({ ok: true, value: sizeBytes });
      expect(parseByteSize(formatConfiguredSize(sizeBytes))).toEqual({ ok: true, value: sizeBytes });
    }),
  );
});

test.each([
  [0, "0 B"],
  [1_023, "1023 B"],
  [2_000, "2,000 bytes"],
  [65_536, "64 KB"],
  [1_536, "1.5 KB"],
  [37_748_737, "37,748,737 bytes"],
  [Infinity, "unlimited"],
])("%d is exactly %s", (sizeBytes, shown) => expect(formatExactFigure(sizeBytes)).toBe(shown));

test.each([
  [65_537, 65_536, "65,537 bytes"],
  [66_036, 65_536, "64.49 KB"],
  [41_943_040, 37_748_736, "40 MB"],
])("%d beside %d is %s", (sizeBytes, limitBytes, shown) =>
  expect(formatBesideLimit(sizeBytes, limitBytes)).toBe(shown),
);
