import * as fc from "fast-check";
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import { convertToSevenBit } from "./convert.ts";
import { MimeWalk, type Entity } from "./mime-walk.ts";
import { quotedPrintable } from "./quoted-printable.ts";
import { surveyForSevenBit, type SevenBitPlan } from "./survey.ts";

function* pieces(octets: Buffer, step: number): Iterable<Buffer> {
  for (let at = 0; at < octets.length; at += step) yield octets.subarray(at, at + step);
}

function convert(octets: Buffer, step = 65_536): { plan: SevenBitPlan; octets: Buffer } {
  const survey = surveyForSevenBit();
  for (const piece of pieces(octets, step)) survey.feed(piece);
  const plan = survey.end();
  const conversion = convertToSevenBit(plan);
  const out: Buffer[] = [];
  for (const piece of pieces(octets, step)) out.push(...conversion.feed(piece));
  return { plan, octets: Buffer.concat([...out, ...conversion.end()]) };
}

/** CRLF line ends; one character is one octet unless it is above U+00FF. */
const message = (text: string, encoding: "utf8" | "latin1" = "utf8"): Buffer =>
  Buffer.from(text.replace(/\r?\n/g, "\r\n"), encoding);
const converted = (text: string): string => convert(message(text)).octets.toString("latin1");

test("a text without any header of MIME", () => {
  expect(converted("Subject: a\n\nGrüße\n")).toBe(
    "Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n" +
      "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n",
  );
});

test("a text in an unknown charset", () => {
  const { octets } = convert(message("\nGr\xfc\xdfe and so on\n", "latin1"));
  expect(octets.toString()).toContain("Content-Type: text/plain; charset=unknown-8bit\r\n");
});

test("the label is changed in its place, folded or repeated as it may be", () => {
  expect(
    converted(
      "MIME-Version: 1.0\nContent-transfer-encoding:\n 8bit (what else)\nContent-Type: text/html; charset=utf-8\nCONTENT-TRANSFER-ENCODING: binary\n\nü and more text\n",
    ),
  ).toBe(
    "MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n" +
      "Content-Type: text/html; charset=utf-8\r\n\r\n=C3=BC and more text\r\n",
  );
});

const mixed = `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_a b"
Content-Transfer-Encoding: 8bit

not shown: ü
--=_a b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Grüße aus dem ersten Teil
--=_a b  
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

AAEC
--=_a b
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

Subject: within
Content-Type: multipart/alternative; boundary=b

--b
Content-Transfer-Encoding: 8bit

Ünter
--b
Content-Type: text/html

plain
--b--
--=_a b--
nor shown: ß
`;

test("a tree of parts, message by message", () => {
  expect(converted(mixed)).toBe(
    `MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_a b"
Content-Transfer-Encoding: 7bit

not shown: ??
--=_a b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe aus dem ersten Teil
--=_a b  
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

AAEC
--=_a b
Content-Type: message/rfc822
Content-Transfer-Encoding: 7bit

Subject: within
Content-Type: multipart/alternative; boundary=b

--b
Content-Transfer-Encoding: quoted-printable
Content-Type: text/plain; charset=utf-8

=C3=9Cnter
--b
Content-Type: text/html

plain
--b--
--=_a b--
nor shown: ??
`.replace(/\n/g, "\r\n"),
  );
});

test("another reader finds the same contents", async () => {
  const { octets } = convert(message(mixed));
  const [before, after] = await Promise.all([PostalMime.parse(message(mixed)), PostalMime.parse(octets)]);
  expect(after.text).toBe(before.text);
  expect(after.attachments).toEqual(before.attachments);
});

describe("what cannot be converted stays and is named", () => {
  const inner = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße\n";
  test.each([
    ["the header", "Subject: ü\n\nplain\n", "the header"],
    [
      "the header of a part",
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment; filename=ü\n\nx\n--b--\n",
      "the header of a part",
    ],
    ["a header without end", "Subject: x\nü\n", "the header"],
    [
      "multipart/signed",
      `Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b\n\n--b\n${inner}--b--\n`,
      "a signed part",
    ],
    [
      "quoted-printable that is not",
      "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\nü=C3\n",
      "a part that is quoted-printable already",
    ],
    ["x-uuencode", "Content-Transfer-Encoding: x-uuencode\n\nü\n", "a part that is x-uuencode already"],
    [
      "a multipart without parts",
      "Content-Type: multipart/mixed; boundary=b\n\nü\n",
      "a multipart without parts",
    ],
    [
      "a multipart without boundary",
      "Content-Type: multipart/mixed\n\nü\n",
      "a part of type multipart/mixed",
    ],
    [
      "message/partial",
      "Content-Type: message/partial; id=1; number=2\n\nü\n",
      "a part of type message/partial",
    ],
  ])("%s", (_what, text, kept) => {
    const { plan, octets } = convert(message(text));
    expect(plan).toMatchObject({ kept: [kept], keepsBinary: false });
    expect(octets).toEqual(message(text));
  });

  test("beside others, which are converted", () => {
    const text = `Content-Type: multipart/mixed; boundary=o\n\n--o\n${inner}--o\nContent-Type: multipart/signed; boundary=i\n\n--i\n${inner}--i--\n--o--\n`;
    const { plan, octets } = convert(message(text));
    expect(plan.kept).toEqual(["a signed part"]);
    const whole = octets.toString();
    expect(whole).toContain("base64\r\n\r\nR3LDvMOfZQ==\r\n--o");
    expect(whole).toContain(message(`--i\n${inner}--i--\n`).toString());
    expect(whole.match(/Grüße/g)).toHaveLength(1);
  });

  test("an S/MIME message in binary is only encoded", () => {
    const text =
      "Content-Type: application/pkcs7-mime; smime-type=signed-data\nContent-Transfer-Encoding: binary\n\n";
    const der = Buffer.from([0x30, 0x80, 0, 10, 13, 255]);
    const { plan, octets } = convert(Buffer.concat([message(text), der]));
    expect(plan).toMatchObject({ kept: [], keepsBinary: false });
    expect(octets.toString()).toContain(`base64\r\nMIME-Version: 1.0\r\n\r\n${der.toString("base64")}`);
  });

  test("a DKIM-Signature is noticed", () => {
    expect(convert(message("dkim-signature: v=1\n\nü\n")).plan.dkimSigned).toBe(true);
  });
});

test("7-bit mail passes octet for octet", () => {
  const text = message(mixed.replace(/[^\n -~]/g, "?").replaceAll(" 8bit", " 7bit"));
  const { plan, octets } = convert(text);
  expect(plan.changes.size).toBe(0);
  expect(octets).toEqual(text);
});

test.each([
  ["the header", "Subject: a\n.\nMAIL FROM:<x@y>\r\n\r\nhi\r\n"],
  ["the header, a CR", "Subject: a\r.\rQUIT\r\n\r\nhi\r\n"],
  ["the end of a header without body", "Subject: a\r"],
  [
    "the header of a part",
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: a\n.\n\r\n\r\nx\r\n--b--\r\n",
  ],
  ["a preamble", "Content-Type: multipart/mixed; boundary=b\r\n\r\na\n.\n\r\n--b\r\n\r\nx\r\n--b--\r\n"],
  [
    "the end of a preamble",
    "Content-Type: multipart/mixed; boundary=b\r\n\r\na\r\r\n--b\r\n\r\nx\r\n--b--\r\n",
  ],
  ["an epilogue", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\na\n.\nQUIT\n"],
  ["the end of an epilogue", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\na\r"],
  ["what is encoded already", "Content-Transfer-Encoding: base64\r\n\r\nAAAA\n.\nQUIT\n"],
  ["the end of what is encoded already", "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r"],
])("a line end of its own in %s cannot go by DATA: it might end the message there", (_where, text) => {
  for (const step of [1, 3, text.length])
    expect(convert(Buffer.from(text), step).plan.keepsBinary).toBe(true);
  expect(convert(Buffer.from(text.replace(/\r(?!\n)|(?<!\r)\n/g, "\r\n"))).plan.keepsBinary).toBe(false);
});

test("a line without end, binary, 3 MB", () => {
  const body = Buffer.alloc(3_000_000, Buffer.from([0, 200, 65, 13, 66, 10]));
  const { octets } = convert(Buffer.concat([message("Content-Type: image/x\n\n"), body]));
  const [, encoded = ""] = octets.toString("latin1").split("\r\n\r\n");
  expect(Math.max(...encoded.split("\r\n").map(({ length }) => length))).toBe(76);
  expect(Buffer.from(encoded, "base64").equals(body)).toBe(true);
});

test("10,000 levels are not followed", () => {
  const levels = Array.from(
    { length: 10_000 },
    (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`,
  ).join("");
  const { plan, octets } = convert(Buffer.from(`${levels}\r\nü\r\n`));
  expect(plan.kept).toHaveLength(1);
  expect(octets.toString("latin1")).toContain("\xc3\xbc");
  const messages = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
  expect(convert(Buffer.from(`${messages}\r\nü\r\n`)).plan.kept).toEqual(["a part of type message/rfc822"]);
});

/** Bodies by entity, decoded, as our own walk finds them. */
function bodies(octets: Buffer): { kind: Entity["kind"]; type: string | undefined; body: string }[] {
  const found: { kind: Entity["kind"]; type: string | undefined; encoding: string; body: Buffer[] }[] = [];
  const walk = new MimeWalk({
    entity: () => undefined,
    headerLine: () => undefined,
    headerEnd: (_end, { kind, type, encoding }) => void found.push({ kind, type, encoding, body: [] }),
    body: (part) => void found.at(-1)?.body.push(part),
    bodyEnd: () => undefined,
    delimiter: () => undefined,
    epilogue: () => undefined,
  });
  walk.feed(octets);
  walk.end();
  return found.map(({ type, kind, encoding, body }) => {
    const whole = Buffer.concat(body);
    const plain =
      encoding === "base64"
        ? Buffer.from(whole.toString("latin1"), "base64")
        : encoding === "quoted-printable"
          ? fromQuotedPrintable(whole)
          : kind === "multipart"
            ? Buffer.from(whole.toString("latin1").replace(/[^\0-\x7f]/g, "?"))
            : whole;
    return { kind: kind === "sealed" ? "leaf" : kind, type, body: plain.toString("latin1") };
  });
}

describe("the encoding of a body", () => {
  const line = (length: number): string => `${"x".repeat(length)}\r\n`;
  test.each<[string, string, string, string | undefined]>([
    ["lines of 998", "text/plain", line(998) + line(998), undefined],
    ["a line of 999", "text/plain", line(3) + line(999), "quoted-printable"],
    ["998 without end", "text/plain", "x".repeat(998), undefined],
    ["999 without end", "text/plain", "x".repeat(999), "quoted-printable"],
    ["a CR at the end", "text/plain", `${line(3)}\r`, "quoted-printable"],
    ["a bare LF", "text/plain", "a\nb\r\n", "base64"],
    ["a bare CR", "text/plain", "a\rb\r\n", "base64"],
    ["LF at the beginning", "text/plain", "\nb\r\n", "base64"],
    ["NUL", "text/plain", "a\0b", "base64"],
    ["other controls", "text/plain", "a\x01\x1b\x7fb\r\n", undefined],
    ["text, half of it", "text/plain", "üxx", "quoted-printable"],
    ["text, more than half of it", "text/plain", "üx", "base64"],
    ["equal signs count", "text/plain", "ü===xx", "base64"],
    ["controls count", "text/plain", "ü\x01\x02\x7fxx", "base64"],
    ["tabs do not", "text/plain", "ü\t\t", "quoted-printable"],
    ["spaces do not", "text/plain", "ü x", "quoted-printable"],
    ["text of any kind", "text/html", "üxx", "quoted-printable"],
    ["no text, little", "image/svg", `ü${"x".repeat(9)}`, "quoted-printable"],
    ["no text, more", "image/svg", `ü${"x".repeat(8)}`, "base64"],
  ])("%s", (_what, type, body, encoding) => {
    const text = Buffer.from(`Content-Type: ${type}\r\n\r\n${body}`);
    expect(convert(text).plan.changes.get(0)?.encoding).toBe(encoding);
    expect(convert(text, 1).plan.changes.get(0)?.encoding).toBe(encoding);
  });
});

describe("the entities of a message", () => {
  const multipart = (boundary: string): string => `Content-Type: multipart/mixed; boundary=${boundary}\n\n`;
  test.each<[string, string, string[]]>([
    ["one", "Subject: x\n\ny\n", ["text/plain y\n"]],
    ["no header", "\ny\n", ["text/plain y\n"]],
    ["no body", "Subject: x\n", ["text/plain "]],
    [
      "parts",
      `${multipart("a")}p\n--a\n\n1\n--a\n\n2\n--a--\ne\n`,
      ["multipart/mixed p", "text/plain 1", "text/plain 2"],
    ],
    [
      "a delimiter at the very beginning",
      `${multipart("a")}--a\n\n1\n--a--\n`,
      ["multipart/mixed ", "text/plain 1"],
    ],
    [
      "two delimiters in a row",
      `${multipart("a")}--a\n\n--a\n\n2\n--a--\n`,
      ["multipart/mixed ", "text/plain ", "text/plain 2"],
    ],
    [
      "a part whose header does not end",
      `${multipart("a")}--a\nX: y\n--a\n\n2\n--a--\n`,
      ["multipart/mixed ", "text/plain ", "text/plain 2"],
    ],
    [
      "a boundary that was closed",
      `${multipart("a")}--a\n${multipart("b")}--b\n\n1\n--b--\n--b\n\nno part\n--a\n\n2\n--a--\n`,
      ["multipart/mixed ", "multipart/mixed ", "text/plain 1", "text/plain 2"],
    ],
    [
      "an inner one that the outer ends",
      `${multipart("a")}--a\n${multipart("b")}--b\n\n1\n--a\n\n--b\n2\n--a--\n--b\n`,
      ["multipart/mixed ", "multipart/mixed ", "text/plain 1", "text/plain --b\n2"],
    ],
    [
      "longer than the boundary",
      `${multipart("a")}--ab\n--a-\n--a---\n--a \t\n\n1\n--a-- \n`,
      ["multipart/mixed --ab\n--a-\n--a---", "text/plain 1"],
    ],
    [
      "a digest",
      "Content-Type: multipart/digest; boundary=a\n\n--a\n\nSubject: x\n\n1\n--a\nContent-Type: text/html\n\n2\n--a--\n",
      ["multipart/digest ", "message/rfc822 ", "text/plain 1", "text/html 2"],
    ],
    [
      "a message within",
      `${multipart("a")}--a\nContent-Type: message/rfc822\n\nSubject: x\n\n1\n--a\n\n2\n--a--\n`,
      ["multipart/mixed ", "message/rfc822 ", "text/plain 1", "text/plain 2"],
    ],
    [
      "a very long field",
      `X: ${"x".repeat(70_000)}\n y\nContent-Type: text/html\nX:${"z".repeat(66_000)}\n\n1\n`,
      ["text/html 1\n"],
    ],
    [
      "the first of repeated fields",
      "Content-Type: text/html\nContent-Type: text/css\n\n1\n",
      ["text/html 1\n"],
    ],
    ["a folded field", "Content-Type:\n\ttext/html\n\n1\n", ["text/html 1\n"]],
  ])("%s", (_what, text, entities) => {
    const octets = message(text);
    const told = bodies(octets).map(({ type, body }) => `${type} ${body.replaceAll("\r\n", "\n")}`);
    expect(told).toEqual(entities);
  });

  test("come out whole, with their lines named, however they are cut", () => {
    const text = message(
      `Content-Transfer-Encoding:\n 8bit\nSubject: x\n${multipart("a")}p\n--a\n\n1\n--a--\ne\n`,
    );
    for (const step of [1, 2, 3, 1000]) {
      const out: Buffer[] = [];
      const lines: string[] = [];
      const take = (octets: Buffer): void => void out.push(Buffer.from(octets));
      const walk = new MimeWalk({
        entity: (index) => void lines.push(`entity ${index}`),
        headerLine: (octets, field) => {
          lines.push(`${field} ${octets.toString().trimEnd()}`);
          take(octets);
        },
        headerEnd: take,
        body: take,
        bodyEnd: (hasParts) => void lines.push(`end ${hasParts}`),
        delimiter: take,
        epilogue: take,
      });
      for (const piece of pieces(text, step)) walk.feed(piece);
      walk.end();
      expect(Buffer.concat(out).toString()).toBe(text.toString());
      expect(lines).toEqual([
        "entity 0",
        "contentTransferEncoding Content-Transfer-Encoding:",
        "contentTransferEncoding  8bit",
        "other Subject: x",
        "other Content-Type: multipart/mixed; boundary=a",
        "end true",
        "entity 1",
        "end false",
      ]);
    }
  });
});

function fromQuotedPrintable(octets: Buffer): Buffer {
  return Buffer.from(
    octets
      .toString("latin1")
      .replace(/=\r\n/g, "")
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}

const fragment = fc.oneof(
  fc.constantFrom(
    "\r\n",
    "\r\n\r\n",
    "\r\n--a\r\n",
    "\r\n--b\r\n",
    "\r\n--a--\r\n",
    "\r\n--b--",
    "--a\r\n",
    "--",
    "-",
    "\r",
    "\n",
    "\0",
    "ü",
    "\xff\xfe",
    ". ",
    "From ",
    "= \r\n",
    "\t\r\n",
    "Content-Type: multipart/mixed; boundary=a\r\n",
    'Content-Type: multipart/digest;\r\n boundary="b"\r\n',
    "Content-Type: message/rfc822\r\n",
    "Content-Type: text/plain\r\n",
    "Content-Transfer-Encoding: 8bit\r\n",
    "MIME-Version: 1.0\r\n",
    "x".repeat(80),
    "y ".repeat(600),
  ),
  fc.string({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 90 }).map((octets) => Buffer.from(octets).toString("latin1")),
);
const anything = fc.array(fragment, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(""), "latin1"));

test("whatever comes: the same bodies, 7-bit where nothing is told to stay, however it is cut", () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 1, max: 40 }), (octets, step) => {
      const { plan, octets: out } = convert(octets);
      expect(convert(octets, step).octets.equals(out)).toBe(true);
      if (plan.kept.length === 0) expect(out.some((octet) => octet > 127)).toBe(false);
      if (!plan.keepsBinary) expect(out.toString("latin1")).not.toMatch(/\0|\r(?!\n)|(?<!\r)\n/);
      if (plan.changes.size === 0 && !octets.some((octet) => octet > 127))
        expect(out.equals(octets)).toBe(true);
      expect(bodies(out)).toEqual(bodies(octets));
    }),
    { numRuns: 300 },
  );
});

test("quoted-printable gives the same octets, in lines of at most 76", () => {
  fc.assert(
    fc.property(anything, (octets) => {
      const coded = quotedPrintable(octets);
      expect(fromQuotedPrintable(coded).equals(octets)).toBe(true);
      for (const line of coded.toString("latin1").split("\r\n")) {
        expect(line.length).toBeLessThanOrEqual(76);
        expect(line).toMatch(/^(?![.]|From )[\t\x20-\x7e]*(?<![ \t])$/);
      }
    }),
  );
});
