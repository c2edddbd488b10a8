import { expect, test } from "vitest";
import { parseByteSize } from "./byte-size.ts";
import { parsePercent } from "./percent.ts";
import { formatUnlimited, parseUnlimited } from "./unlimited.ts";

test("the word is Infinity in any case, anything else goes to the parser", () => {
  expect(parseUnlimited("Unlimited", parseByteSize)).toEqual({ ok: true, value: Infinity });
  expect(parseUnlimited("1KB", parseByteSize)).toEqual({ ok: true, value: 1024 });
  expect(parseUnlimited("unlimted", parseByteSize).ok).toBe(false);
  expect(formatUnlimited(Infinity)).toBe("unlimited");
  expect(formatUnlimited(20)).toBe("20");
});

test.each([
  [2, 2],
  ["100%", 100],
  ["101", undefined],
  ["2.5", undefined],
  ["-1", undefined],
])("percentage %s", (input, value) => {
  const result = parsePercent(input);
  expect(result.ok ? result.value : undefined).toBe(value);
});
