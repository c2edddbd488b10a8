/** From octets to text and to a tree of XML, before anybody knows what it is. */
import { describe, expect, test } from "vitest";
import { decodeText } from "./decode-text.ts";
import { childrenNamed, readXml } from "./xml-tree.ts";

const utf16 = (text: string, bigEndian: boolean): Buffer => {
  const octets = Buffer.from(text, "utf16le");
  return bigEndian ? octets.swap16() : octets;
};
const text = "Name : Größe\r\n";
const ascii = "Name : a plain text of some length";

test.each<[string, Buffer, string]>([
  ["UTF-8", Buffer.from(text), text],
  ["UTF-8 with its mark", Buffer.from(`\ufeff${text}`), text],
  ["UTF-16 with its mark", utf16(`\ufeff${text}`, false), text],
  ["UTF-16 of the other order", utf16(`\ufeff${text}`, true), text],
  ["UTF-16 without a mark", utf16(ascii, false), ascii],
  ["UTF-16 of the other order without one", utf16(ascii, true), ascii],
  [
    "UTF-16 of which half is ASCII",
    utf16("abcäö\u0142\u0142\u0142".repeat(9), false),
    "abcäö\u0142\u0142\u0142".repeat(9),
  ],
  ["Windows-1252", Buffer.from(text, "latin1"), text],
  ["an ordinary text beyond what is looked at", Buffer.from(ascii.repeat(200)), ascii.repeat(200)],
  ["nothing", Buffer.alloc(0), ""],
  ["three octets of a zip", Buffer.from("PK\x03"), "PK\x03"],
])("%s is read", (_, octets, expected) => {
  expect(decodeText(octets)).toEqual({ ok: true, value: expected });
});

test.each<[string, Buffer, string]>([
  ["a workbook", Buffer.from("PK\x03\x04rest"), "zip"],
  ["an old workbook", Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 1]), "Office"],
  ["gzip", Buffer.from([0x1f, 0x8b, 8]), "gzip"],
  ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, 65, 0, 0, 0]), "UTF-32"],
  ["zeros", Buffer.from("abcdefgh\0\0"), "binary"],
  ["many zeros on both sides", Buffer.alloc(100), "binary"],
])("%s is no text", (_, octets, what) => {
  expect(decodeText(octets)).toMatchObject({ ok: false, message: expect.stringContaining(what) as string });
});

describe("XML", () => {
  test("is a tree of elements with their attributes and their text", async () => {
    const root = await readXml(' \n<a x="1">t<b/>&lt;u<![CDATA[<v>]]><c y="2">w</c></a>');
    expect(root).toEqual({
      ok: true,
      value: {
        name: "a",
        attributes: { x: "1" },
        text: "t<u<v>",
        children: [
          { name: "b", attributes: {}, children: [], text: "" },
          { name: "c", attributes: { y: "2" }, children: [], text: "w" },
        ],
      },
    });
    if (root.ok) expect(childrenNamed(root.value, "c")).toEqual([root.value.children[1]]);
  });

  const nested = (depth: number): string => "<a>".repeat(depth) + "</a>".repeat(depth);
  test.each<[string, string, boolean]>([
    ["as deep as may be", nested(100), true],
    ["deeper", nested(101), false],
    ["a DOCTYPE", "<!DOCTYPE a><a/>", false],
    ["an entity of its own", "<a>&b;</a>", false],
    ["not closed", "<a>", false],
    ["two roots", "<a/><b/>", false],
    ["nothing", "", false],
    ["words", "words", false],
  ])("%s", async (_, given, ok) => {
    expect((await readXml(given)).ok).toBe(ok);
  });

  test("of more elements than any export has is refused", async () => {
    const of = (count: number): string => `<a>${"<b/>".repeat(count - 1)}</a>`;
    expect((await readXml(of(500_000))).ok).toBe(true);
    expect((await readXml(of(500_001))).ok).toBe(false);
  });
});
