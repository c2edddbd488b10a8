import { describe, expect, it } from "vitest";
import { printable, replyVerdict, statusOf } from "./peer-verdict.ts";

describe("statusOf", () => {
  it.each([
    [550, "5.1.1 User unknown", "5.1.1"],
    [550, "User unknown", "5.0.0"],
    [450, "5.1.1 class does not match", "4.0.0"],
    [250, "2.0.0", "2.0.0"],
    [451, "4.3.0.1 not a status", "4.0.0"],
    [550, "5.7.1234 not a status", "5.0.0"],
    [354, "Go ahead", "4.5.0"],
  ])("%i %s is %s", (code, text, status) => {
    expect(statusOf({ code, text })).toBe(status);
  });
});

describe("replyVerdict", () => {
  it("tells several lines as one, with the status once", () => {
    expect(replyVerdict({ code: 550, text: "5.7.1 Not here.\n5.7.1 See https://x.test" })).toEqual({
      status: "5.7.1",
      text: "550 5.7.1 Not here. See https://x.test",
      fromPeer: true,
    });
  });
});

describe("printable", () => {
  it.each([
    ["a\r\nb", "a\\x0d\\x0ab"],
    ["\u001b[2J", "\\x1b[2J"],
    ["nul\0", "nul\\x00"],
    ["\u2028\u202e", "\\u2028\\u202e"],
    ["\ud800", "\\ud800"],
    ["grün 😀", "grün 😀"],
  ])("%j becomes %j", (text, expected) => expect(printable(text)).toBe(expected));

  it("is bounded", () => {
    expect(printable("x".repeat(2000))).toHaveLength(512);
    expect(printable("\0".repeat(2000))).toHaveLength(512);
  });
});
