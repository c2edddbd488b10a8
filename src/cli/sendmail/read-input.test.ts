import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readInput } from "./read-input.ts";

async function* pieces(parts: readonly string[]) {
  for (const part of parts) yield await Promise.resolve(Buffer.from(part, "latin1"));
}
const read = async (parts: readonly string[], ignoreDots = false) =>
  (await readInput(pieces(parts), { ignoreDots })).toString("latin1");

test.each([
  [["a\n.\nb\n"], "a\n"],
  [["a\r\n.\r\nb\r\n"], "a\r\n"],
  [[".\nb"], ""],
  [["a\n."], "a\n"],
  [["a\n.\r"], "a\n"],
  [["."], ""],
  [["a\n..\n.b\n. \n"], "a\n..\n.b\n. \n"],
  [["a.\nb\n"], "a.\nb\n"],
  [["a.", "\nb"], "a.\nb"],
  [["a\n", ".", "\n", "b"], "a\n"],
  [["a", "\n.", "\r", "\nb"], "a\n"],
  [[], ""],
])("%j is %j", async (parts, expected) => {
  expect(await read(parts)).toBe(expected);
});

test("with -i a dot is a dot", async () => {
  expect(await read(["a\n.\n", "b\n."], true)).toBe("a\n.\nb\n.");
});

test("however the input is cut, the message ends at the same dot", async () => {
  const text = fc.array(fc.constantFrom("\n", ".", "\r", "a"), { maxLength: 24 });
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(24), { maxLength: 5 }), async (characters, cuts) => {
      const whole = characters.join("");
      const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length].sort(
        (a, b) => a - b,
      );
      const parts = places.slice(1).map((end, index) => whole.slice(places[index], end));
      const end = /(?:^|\n)(?=\.(?:\r?\n|\r?$))/.exec(whole);
      const expected = end === null ? whole : whole.slice(0, end.index + end[0].length);
      expect(await read(parts)).toBe(expected);
    }),
  );
});
