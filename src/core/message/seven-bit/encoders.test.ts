/** The encoders by themselves; what becomes of whole messages is in seven-bit.test.ts. */
import { describe, expect, test } from "vitest";
import { createBase64Encoder } from "./base64.ts";
import { isSevenBit } from "./is-seven-bit.ts";
import { parseContentType, parseTransferEncoding } from "./mime-fields.ts";
import { createQuotedPrintableEncoder, quotedPrintable, type TransferEncoder } from "./quoted-printable.ts";

const octetsOf = (text: string): Buffer => Buffer.from(text, "latin1");
/** In pieces of one octet, of three, and whole. */
function encodings(create: () => TransferEncoder, octets: Buffer): string[] {
  return [1, 3, Math.max(1, octets.length)].map((size) => {
    const encoder = create();
    const out: Buffer[] = [];
    for (let at = 0; at < octets.length; at += size)
      out.push(Buffer.from(encoder.feed(octets.subarray(at, at + size))));
    return Buffer.concat([...out, encoder.end()]).toString("latin1");
  });
}

describe("quoted-printable, in whatever pieces", () => {
  test.each([
    ["a line end", "a\r\nb", "a\r\nb"],
    ["a blank before a line end", "a \r\nb\t\r\n", "a=20\r\nb=09\r\n"],
    ["a blank before what is none", "a \rb \nc", "a =0Db =0Ac"],
    ["a blank at the end", "a ", "a=20"],
    ["blanks at the end", "a\t ", "a\t=20"],
    ["a bare line feed, a bare carriage return", "a\nb\rc\r", "a=0Ab=0Dc=0D"],
    ["controls, DEL, high octets, an equals sign", "\x00\x1f\x7e\x7f\x80\xff=", "=00=1F~=7F=80=FF=3D"],
    ["a dot at the beginning of a line", ".a.\r\n.\r\n", "=2Ea.\r\n=2E\r\n"],
    ["From at the beginning of a line", "From a\r\nFrom b From", "=46rom a\r\n=46rom b From"],
    ["what only begins like it", "From\r\nFro m\r\nF", "From\r\nFro m\r\nF"],
    ["a line of 75", "a".repeat(75), "a".repeat(75)],
    ["a line of 76", "a".repeat(76), `${"a".repeat(75)}=\r\na`],
    ["three characters that just fit", `${"a".repeat(72)}\xe4`, `${"a".repeat(72)}=E4`],
    ["three that do not", `${"a".repeat(73)}\xe4b`, `${"a".repeat(73)}=\r\n=E4b`],
    ["a dot that comes to begin a line", `${"a".repeat(75)}.`, `${"a".repeat(75)}=\r\n=2E`],
    ["many that triple", "\xe4".repeat(26), `${"=E4".repeat(25)}=\r\n=E4`],
  ])("%s", (_, text, expected) => {
    expect(encodings(createQuotedPrintableEncoder, octetsOf(text))).toEqual([expected, expected, expected]);
    expect(quotedPrintable(octetsOf(text)).toString("latin1")).toBe(expected);
  });

  test("gives at once what nothing behind it changes", () => {
    const fed = (text: string): string =>
      createQuotedPrintableEncoder().feed(octetsOf(text)).toString("latin1");
    expect(["ab", "a ", "a \r", "a\r", "F", "aF", "Fro", "a\t12"].map(fed)).toEqual([
      "ab",
      "a",
      "a",
      "a",
      "",
      "aF",
      "",
      "a\t12",
    ]);
  });
});

test.each([0, 1, 2, 3, 56, 57, 58, 114, 115, 200])("base64 of %i octets, in whatever pieces", (length) => {
  const octets = Buffer.from(Array.from({ length }, (_, n) => (n * 37) % 256));
  const expected = (octets.toString("base64").match(/.{1,76}/g) ?? []).join("\r\n");
  expect(encodings(createBase64Encoder, octets)).toEqual([expected, expected, expected]);
});

test.each([
  ["nothing", "", true],
  ["ASCII", "\x01 ~\x7f\r\n", true],
  ["NUL", "a\0", false],
  ["a high octet", "\x80", false],
  ["a line of 998", `${"a".repeat(998)}\r\n${"a".repeat(998)}\r\n`, true],
  ["a line of 999", "a".repeat(999), false],
  ["one behind another", `a\r\n${"a".repeat(999)}`, false],
  ["a bare carriage return", "a\rb", false],
  ["one at the end", "a\r", false],
  ["a bare line feed", "a\nb", false],
  ["one at the beginning", "\na", false],
  ["empty lines", "\r\n\r\n", true],
])("is 7-bit: %s", (_, text, is) => {
  expect(isSevenBit(octetsOf(text))).toBe(is);
});

test.each([
  ["", "7bit"],
  [" Base64 ", "base64"],
  ["(why) 8BIT (so); x", "8bit"],
  [";x", "7bit"],
])("the encoding %j is %s", (text, encoding) => {
  expect(parseTransferEncoding(text)).toBe(encoding);
});

test.each<[string, string | undefined, string | undefined]>([
  ["Text/Plain", "text/plain", undefined],
  [' multipart/mixed;\r\n boundary="a b\\"c "', "multipart/mixed", 'a b"c'],
  ['multipart/mixed; x="; boundary=no"; Boundary=yes', "multipart/mixed", "yes"],
  ["multipart/mixed; (c) (d) boundary=x", "multipart/mixed", "x"],
  ['multipart/mixed; boundary="  "', "multipart/mixed", undefined],
  ["multipart/mixed; boundary=", "multipart/mixed", undefined],
  ["nonsense", undefined, undefined],
])("the type %j", (text, type, boundary) => {
  expect(parseContentType(text)).toEqual({ type, boundary });
});
