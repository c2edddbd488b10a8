/** Elements as certificates have them, and octets that are none. */
import { expect, test } from "vitest";
import { extensionOf, publicKeyInfo } from "./certificate-fields.ts";
import { contextTag, derElement, derElements, plainContextTag } from "./der.ts";

const octets = (hex: string): Buffer => Buffer.from(hex.replaceAll(" ", ""), "hex");
const long = "aa".repeat(0x80);

test.each([
  ["short", "04 02 aabb cc", 4, "aabb", "0402aabb"],
  ["empty", "05 00", 5, "", "0500"],
  ["of 127 octets", `04 7f ${"aa".repeat(0x7f)}`, 4, "aa".repeat(0x7f), `047f${"aa".repeat(0x7f)}`],
  ["of 128 octets", `04 81 80 ${long} cc`, 4, long, `048180${long}`],
  ["with a length of two octets", `04 82 0080 ${long}`, 4, long, `04820080${long}`],
  ["with a length of four octets", `04 84 00000001 aa`, 4, "aa", "048400000001aa"],
])("an element %s", (_, hex, tag, content, whole) => {
  const found = derElement(octets(hex));
  expect([found?.tag, found?.content.toString("hex"), found?.whole.toString("hex")]).toEqual([
    tag,
    content,
    whole,
  ]);
});

test.each([
  ["nothing", ""],
  ["a tag alone", "04"],
  ["less than it says", "04 02 aa"],
  ["a length that is not there", "04 82 00"],
  ["a length without end", "04 80 aa 0000"],
  ["a length of five octets", "04 85 0000000001 aa"],
])("%s is none", (_, hex) => expect(derElement(octets(hex))).toBeUndefined());

test("those that stand behind each other, and nothing else between them", () => {
  expect(derElements(octets("04 01 aa 05 00 02 01 07"))?.map(({ tag }) => tag)).toEqual([4, 5, 2]);
  expect(derElements(octets(""))).toEqual([]);
  expect(derElements(octets("04 01 aa 05"))).toBeUndefined();
});

test("tags in a context", () => expect([contextTag(3), plainContextTag(2)]).toEqual([0xa3, 0x82]));

test("fields of a certificate, with and without a version", () => {
  const sequence = (...parts: readonly string[]): string => {
    const content = parts.join("");
    return `30${(content.length / 2).toString(16).padStart(2, "0")}${content}`;
  };
  const key = sequence("0500", "030100");
  // Serial number, algorithm, issuer, validity, subject.
  const before = ["020101", "3000", "3000", "3000", "3000"];
  const extension = (oid: string, ...value: readonly string[]) => sequence(oid, ...value);
  const extensions = sequence(
    extension("0603551d11", "040161"),
    extension("0603551d13", "0101ff", "040162"),
    extension("0603551d0e"),
  );
  const wrapped = `a3${(extensions.length / 2).toString(16)}${extensions}`;
  const certificate = (...first: readonly string[]) =>
    octets(sequence(sequence(...first, ...before, key, wrapped)));
  for (const der of [certificate("a003020102"), certificate()]) {
    expect(publicKeyInfo(der)?.toString("hex")).toBe(key);
    expect(extensionOf(der, "551d11")?.toString()).toBe("a");
    expect(extensionOf(der, "551d13")?.toString()).toBe("b");
    expect(extensionOf(der, "551d0e")).toBeUndefined();
    expect(extensionOf(der, "551d1e")).toBeUndefined();
  }
  expect(publicKeyInfo(octets("0500"))).toBeUndefined();
  expect(extensionOf(octets(sequence(sequence(...before, key))), "551d11")).toBeUndefined();
});
