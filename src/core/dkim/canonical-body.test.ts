import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { CanonicalBody, type Canonicalization, unchangedBody } from "./canonical-body.ts";

function canonical(form: Canonicalization, pieces: readonly Buffer[]): string {
  const octets: Buffer[] = [];
  const body = new CanonicalBody(form, (piece) => octets.push(Buffer.from(piece)));
  for (const piece of pieces) body.feed(piece);
  body.end();
  return Buffer.concat(octets).toString("latin1");
}

test.each([
  // RFC 6376 §3.4.5
  [" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n", " C \r\nD \t E\r\n"],
  ["", "", "\r\n"],
  ["\r\n", "", "\r\n"],
  ["\r\n\r\n\r\n", "", "\r\n"],
  [" \t\r\n \r\n", "", " \t\r\n \r\n"],
  ["a", "a\r\n", "a\r\n"],
  ["a\r\n\r\n\r\n", "a\r\n", "a\r\n"],
  ["a\r\n \t\r\n\r\n", "a\r\n", "a\r\n \t\r\n"],
  ["a\r\n\r\n\r\nb", "a\r\n\r\n\r\nb\r\n", "a\r\n\r\n\r\nb\r\n"],
  ["\r\n\r\na\r\n", "\r\n\r\na\r\n", "\r\n\r\na\r\n"],
  ["\t a  b\t\tc \r\n", " a b c\r\n", "\t a  b\t\tc \r\n"],
  // White space is SP and HTAB alone.
  ["a\u00a0 \u00a0b\v\f\r\n", "a\u00a0 \u00a0b\v\f\r\n", "a\u00a0 \u00a0b\v\f\r\n"],
  ["a\rb \r c\n\r\n", "a\rb \r c\n\r\n", "a\rb \r c\n\r\n"],
  ["a\r", "a\r\r\n", "a\r\r\n"],
  ["a \r", "a \r\r\n", "a \r\r\n"],
  ["\r", "\r\r\n", "\r\r\n"],
  ["a\r\r\n", "a\r\r\n", "a\r\r\n"],
])("%j is hashed as %j, simply as %j", (text, relaxed, simple) => {
  const octets = Buffer.from(text, "latin1");
  const single = Array.from(octets, (octet) => Buffer.from([octet]));
  expect(canonical("relaxed", [octets])).toBe(relaxed);
  expect(canonical("relaxed", single)).toBe(relaxed);
  expect(canonical("simple", [octets])).toBe(simple);
  expect(canonical("simple", single)).toBe(simple);
  for (const [form, expected] of [
    ["relaxed", relaxed],
    ["simple", simple],
  ] as const)
    expect(unchangedBody(form, octets)?.toString("latin1") ?? expected).toBe(expected);
});

test.each([
  ["a b\r\nc\r\n", true, true],
  ["\r\n a\r\n\r\n", true, true],
  ["a  b\r\n", false, true],
  ["a \r\nb\r\n", false, true],
  ["a\tb\r\n", false, true],
  ["a", false, false],
  ["a\r", false, false],
  ["a\r\n\r", false, false],
  ["a\r\n \r\n", false, false],
  ["", false, false],
])("%j is hashed as it lies there, relaxed: %s, simple: %s", (text, relaxed, simple) => {
  expect(unchangedBody("relaxed", Buffer.from(text)) !== undefined).toBe(relaxed);
  expect(unchangedBody("simple", Buffer.from(text)) !== undefined).toBe(simple);
});

/** RFC 6376 §3.4.3 and §3.4.4 as they are written. */
function asWritten(form: Canonicalization, text: string): string {
  const blanks =
    form === "relaxed" ? text.replaceAll(/[ \t]+(?=\r\n|$)/gu, "").replaceAll(/[ \t]+/gu, " ") : text;
  const body = blanks.replace(/(\r\n)*$/u, "");
  return body === "" && form === "relaxed" ? "" : `${body}\r\n`;
}

test("whatever the pieces, it is what the RFC says", () => {
  let seed = 281_126;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((seed / 0x8000_0000) * below);
  };
  const parts = ["a", "Z", " ", "\t", "\r\n", "\r\n\r\n", "\u00e4", "."];
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: random(12) }, () => parts[random(parts.length)]!).join("");
    const octets = Buffer.from(text, "latin1");
    const pieces: Buffer[] = [];
    for (let at = 0; at < octets.length;) {
      const next = at + random(4);
      pieces.push(octets.subarray(at, next));
      at = next;
    }
    for (const form of ["relaxed", "simple"] as const) {
      const expected = asWritten(form, text);
      expect(canonical(form, pieces), JSON.stringify(text)).toBe(expected);
      expect(unchangedBody(form, octets)?.toString("latin1") ?? expected, JSON.stringify(text)).toBe(
        expected,
      );
    }
  }
});

test("a hundred thousand empty lines inside cost no memory of their own", () => {
  const hash = createHash("sha256");
  let largest = 0;
  const body = new CanonicalBody("relaxed", (octets) => {
    largest = Math.max(largest, octets.length);
    hash.update(octets);
  });
  for (let line = 0; line < 100_000; line++) body.feed(Buffer.from("\r\n"));
  body.feed(Buffer.from("end"));
  body.end();
  expect(largest).toBeLessThan(10_000);
  const expected = createHash("sha256")
    .update(`${"\r\n".repeat(100_000)}end\r\n`)
    .digest("hex");
  expect(hash.digest("hex")).toBe(expected);
});
