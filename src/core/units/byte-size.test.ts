import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatByteSize, formatConfiguredSize, parseByteSize } from "./byte-size.ts";

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
