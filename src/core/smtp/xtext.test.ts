import { describe, expect, it } from "vitest";
import { decodeXtext } from "./xtext.ts";

describe("decodeXtext", () => {
  it.each([
    ["abc", "abc"],
    ["a+2Bb+3D", "a+b="],
    ["+20+20", "  "],
    ["a+2Gb", undefined],
    ["a=b", undefined],
    ["a b", undefined],
  ])("%s is %s", (text, decoded) => {
    expect(decodeXtext(text)).toBe(decoded);
  });
});
