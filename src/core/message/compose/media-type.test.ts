import { describe, expect, test } from "vitest";
import {
  fieldWithParameter,
  filenameFault,
  mediaTypeFault,
  mediaTypeOf,
  plainFilename,
} from "./media-type.ts";

test.each([
  ["a.bmp", "image/bmp"],
  ["a.css", "text/css"],
  ["a.csv", "text/csv"],
  ["a.doc", "application/msword"],
  ["a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
  ["a.gif", "image/gif"],
  ["a.gz", "application/gzip"],
  ["a.htm", "text/html"],
  ["a.html", "text/html"],
  ["a.ics", "text/calendar"],
  ["a.jpeg", "image/jpeg"],
  ["a.jpg", "image/jpeg"],
  ["a.json", "application/json"],
  ["a.md", "text/markdown"],
  ["a.mp3", "audio/mpeg"],
  ["a.mp4", "video/mp4"],
  ["a.odt", "application/vnd.oasis.opendocument.text"],
  ["a.ods", "application/vnd.oasis.opendocument.spreadsheet"],
  ["Report.PDF", "application/pdf"],
  ["a.png", "image/png"],
  ["a.ppt", "application/vnd.ms-powerpoint"],
  ["a.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"],
  ["a.rtf", "application/rtf"],
  ["a.svg", "image/svg+xml"],
  ["a.tif", "image/tiff"],
  ["a.tiff", "image/tiff"],
  ["a.txt", "text/plain"],
  ["a.vcf", "text/vcard"],
  ["a.webp", "image/webp"],
  ["a.xls", "application/vnd.ms-excel"],
  ["a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
  ["a.xml", "application/xml"],
  ["a.tar.zip", "application/zip"],
  ["a.unheardof", "application/octet-stream"],
  ["a.constructor", "application/octet-stream"],
  ["pdf", "application/octet-stream"],
  ["a.pdf.", "application/octet-stream"],
  [undefined, "application/octet-stream"],
])("%s is %s", (filename, type) => {
  expect(mediaTypeOf(filename)).toBe(type);
});

test.each([
  ["application/pdf", undefined],
  ['text/plain; charset=utf-8; name="a \\"b\\""', undefined],
  ["text/plain;", undefined],
  [`text/${"a".repeat(295)}`, undefined],
  [`text/${"a".repeat(296)}`, /no media type/],
  ["text", /no media type/],
  ["text/plain; charset", /no media type/],
  ["text/pläin", /no media type/],
  ["text/plain\r\nX: y", /no media type/],
  ["Multipart/mixed", /multipart/],
])("given as %s", (given, fault) => {
  const found = mediaTypeFault(given);
  if (fault === undefined) expect(found).toBeUndefined();
  else expect(found).toMatch(fault);
});

test.each([
  ["C:\\temp\\a.pdf", "a.pdf"],
  ["/tmp/ a.pdf ", "a.pdf"],
  ["a.pdf/", "a.pdf"],
  ["..", undefined],
  ["x/.", undefined],
  [" / ", undefined],
  ["...", "..."],
])("the name of the file %s is %s", (given, plain) => {
  expect(plainFilename(given)).toBe(plain);
});

test("a name may not break the field, nor turn what is read", () => {
  expect(filenameFault("a.pdf")).toBeUndefined();
  expect(filenameFault("a\r\nb")).toMatch(/line end/);
  expect(filenameFault("a\u202efdp.exe")).toMatch(/U\+202E/);
  expect(filenameFault("a\u2066b")).toMatch(/U\+2066/);
});

describe("a parameter", () => {
  const field = (name: string | undefined): string =>
    fieldWithParameter("Content-Type", "application/pdf", "name", name);

  test.each<[string, string | undefined, string]>([
    ["none", undefined, "Content-Type: application/pdf"],
    ["a token", "a-b.pdf", "Content-Type: application/pdf; name=a-b.pdf"],
    ["the longest token", "a".repeat(56), `Content-Type: application/pdf;\r\n name=${"a".repeat(56)}`],
    ["a longer one", "a".repeat(57), `Content-Type: application/pdf;\r\n name="${"a".repeat(57)}"`],
    ["with a blank", "a b", 'Content-Type: application/pdf; name="a b"'],
    ["with quotes", 'a"\\b', 'Content-Type: application/pdf; name="a\\"\\\\b"'],
    [
      "the longest quoted one",
      "a b ".repeat(28),
      `Content-Type: application/pdf;\r\n name="${"a b ".repeat(28)}"`,
    ],
    ["not ASCII", "Ä b.pdf", "Content-Type: application/pdf; name*=utf-8''%C3%84%20b.pdf"],
    ["with a control", "a\tb", "Content-Type: application/pdf; name*=utf-8''a%09b"],
  ])("%s", (_, name, expected) => {
    expect(field(name).replace(/\r\n$/, "")).toBe(expected);
  });

  test("longer ones stand in sections that fit a line, and come back as they were", () => {
    const name = `${"Ä".repeat(30)} ${"b".repeat(100)}.pdf`;
    const lines = field(name).replace(/\r\n$/, "").split("\r\n ");
    const sections = lines.slice(1).map((line) => /^name\*(\d+)\*=(.*?);?$/.exec(line));
    expect(sections.map((section) => Number(section?.[1]))).toEqual([...sections.keys()]);
    const coded = sections.map((section) => section?.[2] ?? "");
    expect(coded.every(({ length }) => length <= 56)).toBe(true);
    expect(coded.slice(0, -1).every(({ length }) => length > 50)).toBe(true);
    expect(decodeURIComponent(coded.join("").replace(/^utf-8''/, ""))).toBe(name);
    // No character is cut in two.
    for (const one of coded) expect(() => decodeURIComponent(one)).not.toThrow();
  });
});
