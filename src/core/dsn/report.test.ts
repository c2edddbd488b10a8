import * as fc from "fast-check";
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import { isSevenBit } from "../message/seven-bit/is-seven-bit.ts";
import { buildReport } from "./report.ts";
import type { ReportInput, ReportKind, ReportOriginal, ReportRecipient } from "./report-input.ts";

const header = "From: app@sender.test\r\nSubject: Invoice 7\r\nMessage-ID: <1@app.test>\r\n";
const original: ReportOriginal = {
  extent: "full",
  octets: Buffer.from(`${header}\r\nHello\r\n`),
  subject: "Invoice 7",
  messageId: "<1@app.test>",
};
const recipient: ReportRecipient = {
  finalRecipient: "gone@example.test",
  orcpt: "rfc822;Gone+2Bx@example.test",
  status: "5.1.1",
  diagnostic: { text: "550 5.1.1 User unknown", fromPeer: true },
  remoteHost: "mx.example.test",
  lastAttempt: new Date(Date.UTC(2026, 0, 15, 9, 1)),
  willRetryUntil: new Date(Date.UTC(2026, 0, 17, 9, 0)),
};
const input: ReportInput = {
  kind: "failed",
  hostname: "relay.test",
  from: "postmaster@relay.test",
  to: "app@sender.test",
  date: new Date(Date.UTC(2026, 0, 15, 9, 2)),
  messageId: "<7.failed@relay.test>",
  envid: "QQ+2B314",
  arrivalDate: new Date(Date.UTC(2026, 0, 15, 9, 0)),
  receivedFrom: "app.test ([127.0.0.1])",
  recipients: [recipient],
  original,
};
const textOf = (changes: Partial<ReportInput>): string =>
  buildReport({ ...input, ...changes }).content.toString();

/** The MIME parts by the boundary in the header: type line, fields and body. */
function parts(text: string): { head: string; parts: { fields: string; body: string }[] } {
  const [head = ""] = text.split("\r\n\r\n", 1);
  const boundary = /boundary="([^"]+)"/.exec(head)?.[1] ?? "";
  const pieces = text.split(`\r\n--${boundary}`);
  expect(pieces.at(-1)).toBe("--\r\n");
  return {
    head,
    parts: pieces.slice(1, -1).map((piece) => {
      const split = piece.indexOf("\r\n\r\n");
      return { fields: piece.slice(2, split + 2), body: piece.slice(split + 4) };
    }),
  };
}

test("a failure report, word for word", () => {
  const { head, parts: found } = parts(textOf({}));
  expect(head.split("\r\n")).toEqual([
    "From: Mail Delivery System <postmaster@relay.test>",
    "To: <app@sender.test>",
    "Subject: Undeliverable: Invoice 7",
    "Date: Thu, 15 Jan 2026 09:02:00 +0000",
    "Message-ID: <7.failed@relay.test>",
    "In-Reply-To: <1@app.test>",
    "References: <1@app.test>",
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    "Content-Type: multipart/report; report-type=delivery-status;",
    ' boundary="=_7failedrelaytest_0"',
  ]);
  expect(found).toHaveLength(3);
  expect(found[0]?.body.split("\r\n")).toEqual([
    "Delivery has failed to these recipients:",
    "",
    "  gone@example.test",
    "    The recipient's server does not know this address.",
    "    Check the spelling of the address, then send the message again.",
    "",
    "Diagnostic information for administrators:",
    "",
    "Generating server: relay.test",
    "Received from: app.test ([127.0.0.1])",
    "Arrived: Thu, 15 Jan 2026 09:00:00 +0000",
    "",
    "gone@example.test",
    "  mx.example.test returned: 550 5.1.1 User unknown",
    "",
    "The original message is attached.",
    "",
  ]);
  expect(found[1]?.fields).toBe("Content-Type: message/delivery-status\r\n");
  expect(found[1]?.body.split("\r\n")).toEqual([
    "Original-Envelope-Id: QQ+314",
    "Reporting-MTA: dns; relay.test",
    "Received-From-MTA: dns; app.test ([127.0.0.1])",
    "Arrival-Date: Thu, 15 Jan 2026 09:00:00 +0000",
    "",
    "Original-Recipient: rfc822;Gone+x@example.test",
    "Final-Recipient: rfc822;gone@example.test",
    "Action: failed",
    "Status: 5.1.1",
    "Remote-MTA: dns; mx.example.test",
    "Diagnostic-Code: smtp; 550 5.1.1 User unknown",
    "Last-Attempt-Date: Thu, 15 Jan 2026 09:01:00 +0000",
    "",
  ]);
  expect(found[2]).toEqual({ fields: "Content-Type: message/rfc822\r\n", body: original.octets.toString() });
});

test.each<[ReportKind, string, string, string]>([
  ["failed", "5.1.1", "Undeliverable: Invoice 7", "failed"],
  ["delayed", "4.2.1", "Delivery delayed: Invoice 7", "delayed"],
  ["relayed", "2.0.0", "Relayed: Invoice 7", "relayed"],
  ["delivered", "2.0.0", "Delivered: Invoice 7", "delivered"],
])("postal-mime reads a report of kind %s", async (kind, status, subject, action) => {
  const built = buildReport({
    ...input,
    kind,
    recipients: [
      { ...recipient, status },
      { ...recipient, status, finalRecipient: "two@example.test" },
    ],
  });
  expect(built).toMatchObject({ smtpUtf8: false });
  const mail = await PostalMime.parse(built.content);
  expect(mail.subject).toBe(subject);
  expect(mail.from).toEqual({ name: "Mail Delivery System", address: "postmaster@relay.test" });
  expect(mail.to).toMatchObject([{ address: "app@sender.test" }]);
  expect(mail.inReplyTo).toBe("<1@app.test>");
  expect(mail.text).toContain("gone@example.test");
  const [statusPart] = mail.attachments;
  expect(statusPart?.mimeType).toBe("message/delivery-status");
  const fields = Buffer.from(statusPart?.content as ArrayBuffer).toString();
  expect(fields.match(/^Action: .*$/gm)).toEqual([`Action: ${action}`, `Action: ${action}`]);
  expect(fields.includes("Will-Retry-Until: ")).toBe(kind === "delayed");
});

test.each<[ReportKind, string, string]>([
  ["failed", "2.1.5", "5.0.0"],
  ["failed", "4.4.7", "4.4.7"],
  ["failed", "nonsense\r\nX: y", "5.0.0"],
  ["delayed", "5.1.1", "4.4.7"],
  ["delivered", "4.0.0", "2.0.0"],
])("%s with status %j is reported as %s", (kind, status, reported) => {
  expect(textOf({ kind, recipients: [{ ...recipient, status }] })).toMatch(
    new RegExp(`^Status: ${reported.replaceAll(".", "\\.")}\r$`, "m"),
  );
});

test.each([
  [undefined, undefined],
  ["no type", undefined],
  [";x@y.test", undefined],
  ["x400;c=gb", "x400;c=gb"],
  ["x.400;c=gb", undefined],
  [`${"t".repeat(40)};x`, `${"t".repeat(40)};x`],
  [`${"t".repeat(41)};x`, undefined],
  ["rfc822;a+2Bb@y.test", "rfc822;a+b@y.test"],
  ["rfc822;", undefined],
  ["x400;größe", "x400;gr??e"],
  ["UTF-8;gr\\x{F6}\\x{DF}e@y.test", "UTF-8;gr\\x{F6}\\x{DF}e@y.test"],
  ["utf-8;größe@y.test", "utf-8;gr\\x{F6}\\x{DF}e@y.test"],
])("ORCPT %j is reported as %j", (orcpt, reported) => {
  const fields = textOf({ recipients: [{ ...recipient, orcpt }] });
  expect(/^Original-Recipient: (.*)\r$/m.exec(fields)?.[1]).toBe(reported);
});

test.each([
  ["a reply of a peer", { text: "550 5.1.1 no", fromPeer: true }, "smtp; 550 5.1.1 no"],
  ["a peer's odd reply", { text: "what", fromPeer: true }, "smtp; what"],
  ["a reply of ours", { text: "450 4.4.7 late", fromPeer: false }, "smtp; 450 4.4.7 late"],
  ["words", { text: "no route", fromPeer: false }, "X-Weir; no route"],
  ["none", undefined, undefined],
])("%s as the diagnostic code", (_, diagnostic, code) => {
  const fields = textOf({ recipients: [{ ...recipient, diagnostic }] });
  expect(/^Diagnostic-Code: (.*)\r$/m.exec(fields)?.[1]).toBe(code);
});

test("what is not known is left out", () => {
  const status = parts(
    textOf({
      envid: undefined,
      receivedFrom: undefined,
      recipients: [
        {
          ...recipient,
          orcpt: undefined,
          diagnostic: undefined,
          remoteHost: undefined,
          lastAttempt: undefined,
        },
      ],
    }),
  ).parts[1];
  expect(status?.body.split("\r\n")).toEqual([
    "Reporting-MTA: dns; relay.test",
    "Arrival-Date: Thu, 15 Jan 2026 09:00:00 +0000",
    "",
    "Final-Recipient: rfc822;gone@example.test",
    "Action: failed",
    "Status: 5.1.1",
    "",
  ]);
});

const nasty = [
  ["CRLF", "a\r\nBcc: victim@x.test"],
  ["LF", "a\nX-Evil: 1"],
  ["CR", "a\rX-Evil: 1"],
  ["an empty line", "a\r\n\r\nX-Evil body"],
  ["NUL", "a\0b"],
  ["ESC", "a\x1b[31mred"],
  ["odd line ends", "a\u2028b\u2029c\x85d"],
  ["half a surrogate pair", "a\ud800b"],
  ["a boundary", "\r\n--=_7failedrelaytest_0\r\nContent-Type: text/html\r\n\r\n<script>"],
  ["8-bit", "grüße 😀"],
  ["100,000 octets", "x".repeat(100_000)],
] as const;

describe.each(nasty)("%s", (_name, text) => {
  const coded = text.replace(/\r/g, "+0D").replace(/\n/g, "+0A");
  test.each<[string, Partial<ReportInput>]>([
    ["ENVID", { envid: text }],
    ["ENVID in xtext", { envid: coded }],
    ["ORCPT", { recipients: [{ ...recipient, orcpt: `rfc822;${text}` }] }],
    ["ORCPT in xtext", { recipients: [{ ...recipient, orcpt: `rfc822;${coded}` }] }],
    ["ORCPT's type", { recipients: [{ ...recipient, orcpt: `${text};x` }] }],
    ["recipient", { recipients: [{ ...recipient, finalRecipient: text }] }],
    ["reply", { recipients: [{ ...recipient, diagnostic: { text: `550 ${text}`, fromPeer: true } }] }],
    ["host", { recipients: [{ ...recipient, remoteHost: text }] }],
    ["status", { recipients: [{ ...recipient, status: text }] }],
    ["HELO name", { receivedFrom: text }],
    ["subject", { original: { ...original, subject: text } }],
    ["message id", { original: { ...original, messageId: `<${text}>` } }],
    ["reverse-path", { to: text }],
  ])("in %s does no harm", (_where, changes) => {
    for (const to of ["app@sender.test", "günter@sender.test"]) {
      const made = textOf({ to, ...changes });
      const { head, parts: found } = parts(made);
      expect(found).toHaveLength(3);
      expect(made.replaceAll("\r\n", "")).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      expect(`${head}\r\n${found[1]?.body}`).not.toMatch(/^(Bcc|X-Evil|<script)/m);
      const names = (fields: string) =>
        fields
          .replace(/\r\n[ \t][^\r]*/g, "")
          .split("\r\n")
          .map((line) => line.replace(/:.*/, ""));
      expect(
        names(head).every((name) =>
          /^(From|To|Subject|Date|Message-ID|In-Reply-To|References|Auto-Submitted|MIME-Version|Content-Type|Content-Transfer-Encoding)$/.test(
            name,
          ),
        ),
      ).toBe(true);
      expect(Math.max(...made.split("\r\n").map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(998);
      if (/[^\0-\x7f]/.test(made)) expect(head).toContain("\r\nContent-Transfer-Encoding: 8bit");
    }
  });
});

test("the boundary stands in no part, even when the original guesses it", async () => {
  const guessed = "--=_7failedrelaytest_0\r\n--=_7failedrelaytest_1--\r\n";
  const octets = Buffer.from(`${header}\r\n${guessed}`);
  const text = textOf({ original: { ...original, octets } });
  expect(/boundary="([^"]+)"/.exec(text)?.[1]).toBe("=_7failedrelaytest_2");
  expect(parts(text).parts[2]?.body).toBe(octets.toString());
  const mail = await PostalMime.parse(text);
  expect(mail.attachments).toHaveLength(2);
});

test("whatever the original holds, as far as it is 7-bit, it comes out octet for octet", () => {
  // oxlint-disable-next-line no-control-regex
  const line = fc.stringMatching(/^[\x01-\x09\x0b\x0c\x0e-\x7f]{0,998}$/, { maxLength: 998 });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const octets = Buffer.from(lines.map((each) => `${each}\r\n`).join(""));
      const { content } = buildReport({ ...input, original: { ...original, octets } });
      const fields = "message/rfc822\r\n\r\n";
      const at = content.indexOf(fields) + fields.length;
      expect(content.subarray(at, at + octets.length).equals(octets)).toBe(true);
      expect(content.subarray(at + octets.length).toString()).toMatch(/^\r\n--=_\w+--\r\n$/);
      expect(isSevenBit(content)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

describe("headers only", () => {
  const last = (octets: Buffer, changes: Partial<ReportInput> = {}) =>
    parts(textOf({ ...changes, original: { ...original, extent: "headers", octets } })).parts[2];

  test("of plain ASCII as they are", () => {
    expect(last(Buffer.from(header))).toEqual({
      fields: "Content-Type: text/rfc822-headers\r\n",
      body: header,
    });
    expect(parts(textOf({ original: undefined })).parts).toHaveLength(2);
  });

  test.each<[string, Buffer, string, string]>([
    ["UTF-8", Buffer.from("Subject: ü\r\n"), "utf-8", "Subject: =C3=BC\r\n"],
    ["another charset", Buffer.from("Subject: \xfc\r\n", "latin1"), "unknown-8bit", "Subject: =FC\r\n"],
    ["NUL", Buffer.from("Subject: \0\r\n"), "utf-8", "Subject: =00\r\n"],
    ["a long line", Buffer.from(`X: ${"x".repeat(1000)}\r\n`), "utf-8", `X: ${"x".repeat(72)}=\r\n`],
  ])("of %s in quoted-printable", (_what, octets, charset, begin) => {
    const part = last(octets);
    expect(part?.fields).toBe(
      `Content-Type: text/rfc822-headers; charset=${charset}\r\nContent-Transfer-Encoding: quoted-printable\r\n`,
    );
    expect(part?.body.startsWith(begin)).toBe(true);
  });

  test("a parser finds them as they were", async () => {
    const octets = Buffer.from("Subject: Grüße\r\nX-Note: a=b \r\n");
    const { content } = buildReport({ ...input, original: { ...original, extent: "headers", octets } });
    const mail = await PostalMime.parse(content);
    const found = mail.attachments.find(({ mimeType }) => mimeType === "text/rfc822-headers");
    const text = Buffer.from(found?.content as ArrayBuffer).toString();
    expect(text.replace(/\r?\n/g, "\r\n").trim()).toBe(octets.toString().trim());
  });
});

const inUtf8 = {
  to: "günter@bücher.test",
  recipients: [
    {
      ...recipient,
      finalRecipient: "jürgen@bücher.test",
      orcpt: "utf-8;j\\x{FC}rgen@b\\x{FC}cher.test",
      diagnostic: { text: `550 5.1.1 ${"größe ".repeat(400)}`, fromPeer: true },
    },
  ],
  original: {
    extent: "headers",
    octets: Buffer.from("Subject: Grüße\r\n"),
    subject: "Grüße",
    messageId: undefined,
  },
} as const;

describe("a sender that is not ASCII (RFC 6533)", () => {
  test("is given the global types and plain UTF-8", async () => {
    const built = buildReport({ ...input, ...inUtf8 });
    expect(built.smtpUtf8).toBe(true);
    const { head, parts: found } = parts(built.content.toString());
    expect(head).toContain("To: <günter@bücher.test>\r\nSubject: Undeliverable: Grüße\r\n");
    expect(found[1]?.fields).toBe(
      "Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n",
    );
    expect(found[1]?.body).toContain(
      "Original-Recipient: utf-8;jürgen@bücher.test\r\nFinal-Recipient: utf-8;jürgen@bücher.test\r\n",
    );
    expect(found[2]?.fields).toContain("Content-Type: message/global-headers\r\n");
    expect((await PostalMime.parse(built.content)).text).toContain("jürgen@bücher.test");
  });

  test("all others tell of such addresses and replies in ASCII, for the way back may take no more", async () => {
    const { content, smtpUtf8 } = buildReport({ ...input, ...inUtf8, to: "app@sender.test" });
    expect([smtpUtf8, isSevenBit(content)]).toEqual([false, true]);
    const { head, parts: found } = parts(content.toString());
    expect(head).toContain("Subject: Undeliverable: =?utf-8?B?R3LDvMOfZQ==?=\r\n");
    expect(head).not.toContain("Content-Transfer-Encoding");
    expect(found[0]?.fields).toContain("Content-Transfer-Encoding: quoted-printable\r\n");
    expect(found[1]?.fields).toBe("Content-Type: message/delivery-status\r\n");
    expect(found[1]?.body).toContain(
      "Original-Recipient: utf-8;j\\x{FC}rgen@b\\x{FC}cher.test\r\nFinal-Recipient: utf-8;j\\x{FC}rgen@b\\x{FC}cher.test\r\n",
    );
    expect(found[1]?.body).toMatch(/^Diagnostic-Code: smtp; 550 5\.1\.1 gr\?\?e gr/m);
    const mail = await PostalMime.parse(content);
    expect(mail.subject).toBe("Undeliverable: Grüße");
    expect(mail.text).toContain("jürgen@bücher.test");
  });
});

test("of thousands of recipients a hundred are named to people, all to programmes", () => {
  const recipients = Array.from({ length: 3000 }, (_, n) => ({
    ...recipient,
    finalRecipient: `r${n}@x.test`,
  }));
  const [human, status] = parts(textOf({ recipients })).parts;
  expect(human?.body).toContain("  r99@x.test\r\n");
  expect(human?.body).not.toContain("r100@x.test");
  expect(human?.body).toContain("  and 2900 more, which the next part names.\r\n");
  expect(status?.body.match(/^Final-Recipient: /gm)).toHaveLength(3000);
});
