import * as fc from "fast-check";
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";
import { buildReport } from "./report.ts";
import type { ReportInput, ReportKind, ReportOriginal, ReportRecipient } from "./report-input.ts";

const header = "From: app@sender.test\r\nSubject: Invoice 7\r\nMessage-ID: <1@app.test>\r\n";
const original: ReportOriginal = {
  extent: "full",
  octets: Buffer.from(`${header}\r\nHello\r\n`),
  eightBit: false,
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
  smtpUtf8: false,
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
  expect(built).toMatchObject({ eightBit: false, smtpUtf8: false });
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
    for (const smtpUtf8 of [false, true]) {
      const made = textOf({ ...changes, smtpUtf8 });
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
      expect(Math.max(...made.split("\r\n").map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(
        3600,
      );
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

test("whatever the original holds, it comes out octet for octet behind its part's header", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (octets) => {
      const buffer = Buffer.from(octets);
      const eightBit = buffer.some((octet) => octet > 127);
      const built = buildReport({ ...input, original: { ...original, octets: buffer, eightBit } });
      expect(built.eightBit).toBe(eightBit);
      const fields = `message/rfc822\r\n${eightBit ? "Content-Transfer-Encoding: 8bit\r\n" : ""}\r\n`;
      const at = built.content.indexOf(fields) + fields.length;
      expect(built.content.subarray(at, at + buffer.length).equals(buffer)).toBe(true);
      expect(built.content.subarray(at + buffer.length).toString()).toMatch(/^\r\n--=_\w+--\r\n$/);
    }),
  );
});

test("headers only", () => {
  const headers: ReportOriginal = { ...original, extent: "headers", octets: Buffer.from(header) };
  expect(parts(textOf({ original: headers })).parts[2]).toEqual({
    fields: "Content-Type: text/rfc822-headers\r\n",
    body: header,
  });
  const eight: ReportOriginal = { ...headers, octets: Buffer.from("Subject: ü\r\n"), eightBit: true };
  expect(parts(textOf({ original: eight })).parts[2]?.fields).toContain("Content-Transfer-Encoding: 8bit");
  expect(parts(textOf({ original: undefined })).parts).toHaveLength(2);
});

describe("internationalized mail (RFC 6533)", () => {
  const utf8Recipient = {
    ...recipient,
    finalRecipient: "günter@bücher.test",
    orcpt: "utf-8;g\\x{FC}nter@b\\x{FC}cher.test",
  };

  test("has the global types and plain UTF-8", async () => {
    const built = buildReport({ ...input, smtpUtf8: true, recipients: [utf8Recipient] });
    expect(built).toMatchObject({ smtpUtf8: true, eightBit: true });
    const { parts: found } = parts(built.content.toString());
    expect(found[1]?.fields).toContain("message/global-delivery-status");
    expect(found[1]?.body).toContain(
      "Original-Recipient: utf-8;günter@bücher.test\r\nFinal-Recipient: utf-8;günter@bücher.test\r\n",
    );
    expect(found[2]?.fields).toContain("Content-Type: message/global\r\n");
    expect((await PostalMime.parse(built.content)).text).toContain("günter@bücher.test");
  });

  test("is not used without need", () => {
    expect(buildReport({ ...input, smtpUtf8: true })).toMatchObject({ smtpUtf8: false, eightBit: false });
  });

  test("an address that is not ASCII in plain mail is encoded", () => {
    const built = buildReport({ ...input, recipients: [utf8Recipient] });
    expect(built).toMatchObject({ smtpUtf8: false, eightBit: false });
    expect(built.content.toString()).toContain("Final-Recipient: utf-8;g\\x{FC}nter@b\\x{FC}cher.test\r\n");
  });
});
