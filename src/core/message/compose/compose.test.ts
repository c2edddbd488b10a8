/** Messages made of JSON, read again by another parser. */
import { domainToASCII } from "node:url";
import * as fc from "fast-check";
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import { composeMessage } from "./compose.ts";
import type { Email } from "./email.ts";
import { headerFault } from "./header-field.ts";
import { mediaTypeFault } from "./media-type.ts";
import { mailboxFault, readMailbox, readMailboxes } from "./named-mailbox.ts";

const around = {
  now: new Date(Date.UTC(2026, 10, 29, 8)),
  token: "0123abcd",
  domain: "relay.test",
  toAscii: domainToASCII,
};
const of = (text: string) => readMailboxes(text) ?? [];

function email(given: Partial<Email> = {}): Email {
  const [from] = of("Jane <jane@contoso.com>");
  return {
    from: from!,
    to: of("b@d.test"),
    cc: [],
    replyTo: [],
    subject: "Hello",
    text: "Hi\n",
    headers: [],
    attachments: [],
    ...given,
  };
}

function composed(given: Partial<Email> = {}) {
  const message = composeMessage(email(given), around);
  const octets = Buffer.concat(message.content);
  const text = octets.toString("latin1");
  const header = text.slice(0, text.indexOf("\r\n\r\n") + 2);
  return { ...message, octets, text, header };
}

const parsed = (given: Partial<Email>) => PostalMime.parse(composed(given).octets);

test("a plain message, octet by octet", () => {
  expect(composed().text).toBe(
    [
      "Date: Sun, 29 Nov 2026 08:00:00 +0000",
      "From: Jane <jane@contoso.com>",
      "To: b@d.test",
      "Subject: Hello",
      "Message-ID: <0123abcd@relay.test>",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: 7bit",
      "",
      "Hi",
      "",
    ].join("\r\n"),
  );
});

test.each<[string, Partial<Email>, RegExp]>([
  ["text alone", {}, /^Content-Type: text\/plain/m],
  ["both texts", { html: "<p>Hi" }, /^Content-Type: multipart\/alternative; boundary="=_0123abcd_1"/m],
  [
    "an image in the HTML",
    {
      text: undefined,
      html: "<img src=cid:x>",
      attachments: [{ content: Buffer.from("x"), contentId: "x" }],
    },
    /^Content-Type: multipart\/related; type="text\/html";/m,
  ],
  [
    "everything",
    {
      html: "<img src=cid:x>",
      attachments: [
        { content: Buffer.from("x"), contentId: "x", filename: "x.png" },
        { content: Buffer.from("y"), filename: "y.pdf" },
      ],
    },
    /^Content-Type: multipart\/mixed;[\s\S]*multipart\/alternative;[\s\S]*text\/plain[\s\S]*multipart\/related;[\s\S]*text\/html[\s\S]*image\/png[\s\S]*application\/pdf/m,
  ],
  ["an attachment alone", { text: undefined, attachments: [{ content: Buffer.from("x") }] }, /octet-stream/],
  ["nothing at all", { text: undefined }, /^Content-Type: text\/plain/m],
  ["nobody but Bcc", { to: [] }, /^To: undisclosed-recipients:;\r$/m],
  ["a Message-ID of its own", { headers: [["Message-Id", "<1@a.test>"]] }, /^Message-Id: <1@a\.test>\r$/m],
])("%s", (_, given, expected) => {
  const { text } = composed(given);
  expect(text).toMatch(expected);
  expect(text.match(/^message-id:/gim)).toHaveLength(1);
  expect(text.endsWith("\r\n")).toBe(true);
});

test("who is shown in the HTML is found by its Content-ID, and nothing else has one", () => {
  const [shown, beside] = [
    { content: Buffer.from("x"), contentId: "logo@x" },
    { content: Buffer.from("y"), filename: "y.pdf" },
  ];
  const { text } = composed({ html: "<img src=cid:logo@x>", attachments: [shown, beside] });
  expect(text.match(/^Content-ID: .*$/gm)).toEqual(["Content-ID: <logo@x>"]);
  expect(composed({ attachments: [beside] }).text).not.toContain("Content-ID");
});

test("whatever it holds, it is ASCII in short lines, and read again as it was", async () => {
  const name = `Größe "1" — ${"ä".repeat(60)}.pdf`;
  const given: Partial<Email> = {
    from: of("Jürgen, Müller <j@bücher.test>")[0]!,
    to: [...of('"Doe, Jane" <jane@d.test>'), ...of("=?x?q?y?= <c@d.test>"), ...of("e@d.test")],
    cc: Array.from(
      { length: 30 },
      (_, n) => of(`Somebody ${n} <somebody.${n}@long.name.of.a.domain.test>`)[0]!,
    ),
    replyTo: of("r@d.test"),
    subject: `Grüße ${"😀".repeat(40)} und mehr`,
    text: `Zeile\r\nzwei\rdrei\n${"lang ".repeat(400)}\n.\nFrom here`,
    html: `<p>${"漢字".repeat(500)}</p>`,
    headers: [
      ["X-Order", "4711"],
      ["X-Grosse", "Schüttgut"],
      ["List-Unsubscribe", "<https://contoso.com/u?x=1>"],
    ],
    attachments: [{ content: Buffer.from([0, 1, 2, 255]), filename: name }],
  };
  const { text, smtpUtf8 } = composed(given);
  expect(smtpUtf8).toBe(false);
  for (const line of text.split("\r\n")) {
    expect(line).toMatch(/^[\t\x20-\x7e]*$/);
    expect(line.length).toBeLessThanOrEqual(line.startsWith(" ") || line.includes(":") ? 250 : 78);
  }
  const read = await parsed(given);
  expect(read.from).toMatchObject({ name: "Jürgen, Müller", address: "j@xn--bcher-kva.test" });
  expect(read.to?.map((one) => one.name)).toEqual(["Doe, Jane", "=?x?q?y?=", ""]);
  expect(read.cc).toHaveLength(30);
  expect(read.subject).toBe(given.subject);
  expect(read.text?.replaceAll("\r\n", "\n").trimEnd()).toBe(
    given.text!.replaceAll(/\r\n|\r/g, "\n").trimEnd(),
  );
  expect(read.html?.trim()).toBe(given.html);
  expect(text).toContain(`X-Grosse: =?utf-8?B?${Buffer.from("Schüttgut").toString("base64")}?=\r\n`);
  const [file] = read.attachments;
  expect(file?.filename).toBe(name);
  expect(Buffer.from(file!.content as ArrayBuffer)).toEqual(Buffer.from([0, 1, 2, 255]));
});

test.each([
  ["a.pdf", "a.pdf"],
  ["C:\\x\\a.pdf", "a.pdf"],
  ["../../etc/a.pdf", "a.pdf"],
  ["reports/", "reports"],
  ["reports/ /", "reports"],
  ["/", undefined],
  ["a/..", undefined],
  [" ", undefined],
])("a file name %j stands there as %j", async (filename, expected) => {
  const attachments = [{ content: Buffer.from("x"), filename }];
  const { text } = composed({ attachments });
  expect(text).not.toContain('""');
  const [file] = (await parsed({ attachments })).attachments;
  expect(file?.filename ?? undefined).toBe(expected);
});

test("a local part that is not ASCII asks for SMTPUTF8", () => {
  expect(composed({ to: of("ü@d.test") }).smtpUtf8).toBe(true);
});

test("a message that is attached is not encoded; where it cannot go so, it is octets", () => {
  const eml = (text: string) =>
    composed({
      attachments: [{ content: Buffer.from(text), filename: "a.eml", contentType: "message/rfc822" }],
    }).text;
  expect(eml("Subject: x\r\n\r\ny\r\n")).toMatch(/message\/rfc822;[\s\S]*7bit[\s\S]*Subject: x\r\n\r\ny\r\n/);
  expect(eml("Subject: ü\r\n\r\n")).toMatch(/application\/octet-stream;[\s\S]*base64/);
});

describe("nothing of the client's begins a field or a part of its own", () => {
  test.each([
    ["X-A\r\nBcc", "x", /no name/],
    ["X A", "x", /no name/],
    ["", "x", /no name/],
    ["X-A", "x\r\nBcc: y", /line end/],
    ["X-A", "x\ny", /line end/],
    ["X-A", "x\0y", /line end/],
    ["bcc", "x@y", /relay itself/],
    ["Content-Type", "x", /relay itself/],
    ["DKIM-Signature", "x", /relay itself/],
    ["Resent-To", "x", /relay itself/],
    ["Message-ID", "x", /no Message-ID/],
    ["Message-ID", "<a\u00fc@b.test>", /no Message-ID/],
    ["X-Order", "4711", undefined],
  ])("field %j: %j", (name, value, fault) => {
    if (fault === undefined) expect(headerFault(name, value)).toBeUndefined();
    else expect(headerFault(name, value)).toMatch(fault);
  });

  test.each([
    ["application/pdf", undefined],
    ['text/plain; charset="utf-8"', undefined],
    ["text/plain\r\nX: y", /no media type/],
    ['text/plain; name="a\r\nb"', /no media type/],
    ["text", /no media type/],
    ["multipart/mixed; boundary=x", /multipart/],
    [`a/${"b".repeat(298)}`, undefined],
    [`a/${"b".repeat(299)}`, /no media type/],
  ])("media type %j", (type, fault) => {
    if (fault === undefined) expect(mediaTypeFault(type)).toBeUndefined();
    else expect(mediaTypeFault(type)).toMatch(fault);
  });

  test("random text in every place", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.constantFrom(
        "\r\nBcc: x@y\r\n",
        '"',
        "\\",
        "=?utf-8?B?",
        "--=_0123abcd_1--",
        "\n.\n",
        "a".repeat(2_000),
      ),
    );
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, (name, subject, value, filename) => {
        const mailbox = { ...readMailbox("a@b.test")!, name };
        const isClean = (text: string): boolean => !/[\0\r\n]/.test(text);
        if (mailboxFault(mailbox, domainToASCII) !== undefined || !isClean(subject) || !isClean(filename))
          return;
        if (headerFault("X-A", value) !== undefined) return;
        const { header, text } = composed({
          from: mailbox,
          subject,
          headers: [["X-A", value]],
          attachments: [{ content: Buffer.from(filename), filename }],
        });
        const names = header.split(/\r\n(?![ \t])/).map((line) => line.split(":", 1)[0]);
        expect(names).toEqual([
          ..."Date From To Subject Message-ID X-A MIME-Version Content-Type".split(" "),
          "",
        ]);
        expect(text).toMatch(/^[\t\r\n\x20-\x7e]*$/);
        for (const line of text.split("\r\n")) expect(line.length).toBeLessThanOrEqual(998);
      }),
      { numRuns: 100 },
    );
  });
});

test.each([
  ["a@b.test", ["", "a", "b.test"]],
  [" Name  X <a@b.test> ", ["Name  X", "a", "b.test"]],
  ['"Doe \\"J\\", <x>" <a@b.test>', ['Doe "J", <x>', "a", "b.test"]],
  ["Doe, Jane <a@b.test>", ["Doe, Jane", "a", "b.test"]],
  ["a@b.test <a@b.test>", ["a@b.test", "a", "b.test"]],
  ["a@b.test, Two <c@d.test>", ["", "a", "b.test", "Two", "c", "d.test"]],
  ["nobody", undefined],
  ["a@b.test; c@d.test", undefined],
  ["<>", undefined],
  ["", undefined],
])("address %j", (text, expected) => {
  const read = readMailboxes(text)?.flatMap(({ name, mailbox }) => [name, mailbox.localPart, mailbox.domain]);
  expect(read).toEqual(expected);
});
