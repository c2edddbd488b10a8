import { array, assert, constantFrom, integer, property } from "fast-check";
import { expect, it } from "vitest";
import { createDotStuffer } from "./dot-stuffing.ts";

function stuff(text: string, pieceLength: number): string {
  const stuffer = createDotStuffer();
  let out = "";
  for (let at = 0; at < text.length; at += pieceLength) {
    out += Buffer.concat([...stuffer(Buffer.from(text.slice(at, at + pieceLength), "latin1"))]).toString(
      "latin1",
    );
  }
  return out;
}

it.each([
  ["", ""],
  [".", ".."],
  ["a.b\r\n", "a.b\r\n"],
  [".a\r\n.\r\n..\r\n", "..a\r\n..\r\n...\r\n"],
  ["a\r\n.\r\n", "a\r\n..\r\n"],
])("%j becomes %j", (text, expected) => expect(stuff(text, Math.max(1, text.length))).toBe(expected));

it("does not depend on how the content is cut", () => {
  const texts = array(constantFrom(".", "\r\n", "x", "\r\n.\r\n", "..")).map((parts) => parts.join(""));
  assert(
    property(texts, integer({ min: 1, max: 7 }), (text, cut) => {
      const whole = text.replace(/(^|\r\n)\./g, "$1..");
      expect(stuff(text, cut)).toBe(whole);
      expect(stuff(text, cut).replace(/(^|\r\n)\./g, "$1")).toBe(text);
    }),
  );
});
