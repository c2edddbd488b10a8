/** What the console shows of a message's octets. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { messageText } from "../../console/src/pages/queues/message-text.ts";
import { decodedWords } from "../../console/src/outside-text.ts";
import { writtenFilter } from "../../console/src/pages/queues/message-filter.ts";

const octets = (...lines: readonly string[]): Uint8Array => Buffer.from(lines.join("\r\n"), "latin1");
const base64 = (text: string): string => Buffer.from(text).toString("base64");

test.each<[string, Uint8Array, string]>([
  ["plain", octets("Subject: a", "", "Hello", "you"), "Hello\nyou"],
  ["no header", octets("", "Hello"), "Hello"],
  ["no body", octets("Subject: a"), ""],
  [
    "base64 in UTF-8",
    octets(
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: Base64",
      "",
      base64("März"),
    ),
    "März",
  ],
  [
    "base64 cut off",
    octets("Content-Transfer-Encoding: base64", "", base64("Hello world").slice(0, 13)),
    "Hello wor",
  ],
  [
    "quoted-printable in Latin 1, folded",
    octets(
      "Content-Type: text/plain;",
      ' charset="iso-8859-1"',
      "Content-Transfer-Encoding: quoted-printable",
      "",
      "M=E4rz ist=",
      " da",
    ),
    "März ist da",
  ],
  [
    "plain text before HTML, whatever comes first",
    octets(
      'Content-Type: multipart/alternative; boundary="b"',
      "",
      "preamble",
      "--b",
      "Content-Type: text/html",
      "",
      "<b>no</b>",
      "--b",
      "Content-Type: multipart/mixed; boundary=c",
      "",
      "--c",
      "Content-Type: text/plain",
      "",
      "yes",
      "--c--",
      "--b--",
    ),
    "yes",
  ],
  ["HTML as its source", octets("Content-Type: text/html", "", "<script>x</script>"), "<script>x</script>"],
  ["no text at all", octets("Content-Type: application/pdf", "", "%PDF"), ""],
  ["an unknown charset", octets("Content-Type: text/plain; charset=klingon", "", "Hello"), "Hello"],
  ["controls and overrides", octets("", "a\x1b[31m\0b\xe2\x80\xaec"), "a\u{fffd}[31m\u{fffd}b\u{fffd}c"],
])("the text of a message: %s", (_, message, text) => {
  expect(messageText(message).text.trimEnd()).toBe(text);
});

test("the header is shown as it was sent", () => {
  const { header, kind } = messageText(octets("Subject: =?utf-8?q?a?=", " b", "X: <i>", "", "Hello"));
  expect(header).toBe("Subject: =?utf-8?q?a?=\n b\nX: <i>");
  expect(kind).toBe("text/plain; charset=utf-8");
});

test("no octets make it throw", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom("", "base64", "quoted-printable"),
      (body, encoding) => {
        const head = `Content-Type: multipart/mixed; boundary=a\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n--a\r\n`;
        expect(messageText(Buffer.concat([Buffer.from(head), body])).header).toContain("boundary=a");
      },
    ),
  );
});

test.each([
  ["=?utf-8?B?UmVjaG51bmcgZsO8ciBNw6RyeiDwn5i6?=", "Rechnung für März 😺"],
  ["=?iso-8859-1?q?M=E4rz_neu?= da", "März neu da"],
  ["=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab"],
  ["=?utf-8?x?a?= =?nowhere", "=?utf-8?x?a?= =?nowhere"],
  ["=?utf-8?q?=E2=80=AEgnp?=", "\u{fffd}gnp"],
  ["a\u202eb", "a\u{fffd}b"],
])("words of a header field: %s", (field, text) => {
  expect(decodedWords(field)).toBe(text);
});

test.each([
  ["", ""],
  ["status=Nonsense", ""],
  ["status=Retry&from=*@app.test", "Status -eq 'Retry' -and FromAddress -like '*@app.test'"],
  ["from=%3C%3E", "FromAddress -eq ''"],
  ["subject=it's", "Subject -like '*it''s*'"],
  ["opath=Size -gt 1MB&source=10.1.4.7", "SourceIP -like '10.1.4.7' -and Size -gt 1MB"],
])("the filter of the address %s", (query, filter) => {
  expect(writtenFilter(new URLSearchParams(query))).toBe(filter);
});
