import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import type { Envelope } from "../../core/message/envelope.ts";
import type { Claim } from "../../spool/spool.ts";
import { SpoolError } from "../../spool/spool.ts";
import { isSevenBit } from "../../core/message/seven-bit/is-seven-bit.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createReportWriter } from "./report-writer.ts";

const settings = {
  hostname: "relay.test",
  externalPostmasterAddress: "postmaster@relay.test",
  dsnMaxMessageAttachSize: 1000,
};
const writer = () => createReportWriter(settings, { clock: createFakeClock(), random: () => 0.5 });

function claimOf(
  content: Buffer,
  envelope: Partial<Envelope> = {},
  readable = true,
): Claim & { read: () => number } {
  let read = 0;
  return {
    message: {
      id: 7,
      arrivedAt: createFakeClock().now() - 60_000,
      envelope: {
        reversePath: "app@sender.test",
        recipients: [{ forwardPath: "a@x.test" }],
        body: "7BIT",
        smtpUtf8: false,
        ...envelope,
      },
      origin: { connector: "AppRelay", sourceAddress: "10.1.1.1", helloName: "app.test", sessionId: "1" },
      content: {
        sizeBytes: content.length,
        dotLines: 0,
        eightBit: content.length < 10_000 && content.some((octet) => octet > 127),
        endsWithCrlf: true,
      },
    },
    queue: "",
    recipients: [{ index: 0, attempts: 1, delayReported: false }],
    content: {
      inMemory: undefined,
      async *stream() {
        if (!readable) throw new SpoolError("damaged", "checksum");
        for (let at = 0; at < content.length; at += 65_536) {
          read += Math.min(65_536, content.length - at);
          yield content.subarray(at, at + 65_536);
        }
      },
    },
    read: () => read,
  };
}
const failed = [{ finalRecipient: "a@x.test", status: "5.1.1" }];
const small = Buffer.from("Subject: Hi\r\n\r\nbody\r\n");

test.each<[string, Buffer, Partial<Envelope>, "failed" | "delayed", string, string]>([
  ["a small one whole", small, {}, "failed", "message/rfc822", "5.1.1"],
  ["RET=HDRS", small, { ret: "HDRS" }, "failed", "text/rfc822-headers", "5.1.1"],
  ["RET=FULL", small, { ret: "FULL" }, "failed", "message/rfc822", "5.1.1"],
  ["a delay report by its header", small, { ret: "FULL" }, "delayed", "text/rfc822-headers", "4.2.1"],
  ["refused for its content", small, { ret: "FULL" }, "failed", "text/rfc822-headers", "5.7.1"],
  ["SMTPUTF8 without need", small, { smtpUtf8: true }, "failed", "message/rfc822", "5.1.1"],
  [
    "a large one by its header",
    Buffer.from(`Subject: Hi\r\n\r\n${"x".repeat(1000)}`),
    {},
    "failed",
    "text/rfc822-headers",
    "5.1.1",
  ],
  [
    "one with a long line by its header",
    Buffer.from(`\r\n${"x".repeat(998 - 1)}yz`),
    {},
    "failed",
    "text/rfc822-headers",
    "5.1.1",
  ],
  [
    "8-bit by its header",
    Buffer.from("Subject: Hi\r\n\r\nü\r\n"),
    { body: "8BITMIME" },
    "failed",
    "text/rfc822-headers",
    "5.1.1",
  ],
  [
    "binary by its header",
    Buffer.from("Subject: Hi\r\n\r\n\0\n\r"),
    { body: "BINARYMIME" },
    "failed",
    "text/rfc822-headers",
    "5.1.1",
  ],
  ["an empty one", Buffer.alloc(0), {}, "failed", "message/rfc822", "5.1.1"],
])("%s", async (_what, content, envelope, kind, type, status) => {
  const told = [{ finalRecipient: "a@x.test", status }];
  const { report, messageId } = await writer().write(claimOf(content, envelope), kind, told);
  expect(report.envelope).toEqual({
    reversePath: "",
    recipients: [
      {
        forwardPath: "app@sender.test",
        notify: { never: true, success: false, failure: false, delay: false },
      },
    ],
    body: "7BIT",
    smtpUtf8: false,
  });
  expect(isSevenBit(report.content)).toBe(true);
  expect(report.origin.connector).toBe("DSN");
  const text = report.content.toString();
  expect(text).toContain(`\r\nContent-Type: ${type}`);
  expect(text).toContain(`\r\nMessage-ID: ${messageId}\r\n`);
  expect(text).toContain("\r\nReceived-From-MTA: dns; app.test ([10.1.1.1])\r\n");
  expect(text).toContain("\r\nArrival-Date: Thu, 15 Jan 2026 08:59:00 +0000\r\n");
  expect((await PostalMime.parse(report.content)).attachments).toHaveLength(2);
});

test("what was to be protected comes back so, and by its header alone (RFC 8689 §4.1)", async () => {
  const claim = claimOf(small, { tls: "required", ret: "FULL" });
  const { report } = await writer().write(claim, "failed", failed);
  expect(report.envelope.tls).toBe("required");
  expect(report.content.toString()).toContain("\r\nContent-Type: text/rfc822-headers");
  const optional = await writer().write(claimOf(small, { tls: "optional" }), "failed", failed);
  expect(optional.report.envelope).not.toHaveProperty("tls");
});

test("of 36 MB only the beginning is read", async () => {
  const claim = claimOf(
    Buffer.concat([Buffer.from("Subject: Hi\r\n\r\n"), Buffer.alloc(36 * 2 ** 20, "x\r\n")]),
  );
  const { report } = await writer().write(claim, "failed", failed);
  expect(claim.read()).toBeLessThanOrEqual(256 * 1024 + 65_536);
  expect(report.content.length).toBeLessThan(3000);
  expect(report.content.toString()).toContain("Subject: Undeliverable: Hi\r\n");
});

test("a header that never ends is cut at a line's end", async () => {
  const claim = claimOf(Buffer.alloc(2 ** 20, "X-Field: value\r\n"));
  const { report } = await writer().write(claim, "failed", failed);
  expect(report.content.length).toBeLessThan(300 * 1024);
  expect(report.content.toString()).toMatch(/X-Field: value\r\n\r\n--=_\w+--\r\n$/);
});

test("damage is told, and the next large report is made all the same", async () => {
  const large = Buffer.alloc(300 * 1024, "X: y\r\n");
  const one = writer();
  const [bad, good] = await Promise.allSettled([
    one.write(claimOf(large, {}, false), "failed", failed),
    one.write(claimOf(large), "failed", failed),
  ]);
  expect(bad).toMatchObject({ status: "rejected", reason: { code: "damaged" } });
  expect(good.status).toBe("fulfilled");
});

test.each([
  ["günter@bücher.test", "günter@bücher.test", true],
  ["app@bücher.test", "app@xn--bcher-kva.test", false],
])("to %s it goes as %s", async (reversePath, to, smtpUtf8) => {
  const { report } = await writer().write(claimOf(small, { reversePath, smtpUtf8: true }), "failed", failed);
  expect(report.envelope).toMatchObject({ recipients: [{ forwardPath: to }], smtpUtf8 });
  expect(report.content.toString()).toContain(`\r\nTo: <${to}>\r\n`);
  expect(isSevenBit(report.content)).toBe(!smtpUtf8);
});

test("the smallest form of a report, and what is told when that fails too", async () => {
  const { report } = await writer().write(claimOf(small), "failed", failed);
  const asMessage = (content: Buffer): Claim => ({
    ...claimOf(content, report.envelope),
    content: { inMemory: content, stream: () => claimOf(content).content.stream() },
  });
  const first = await writer().shrink(asMessage(report.content));
  expect(first.report?.envelope).toEqual(report.envelope);
  const mail = await PostalMime.parse(first.report?.content ?? "");
  expect(mail.subject).toBe("Undeliverable: your message");
  expect(mail.messageId).toBe(first.messageId);
  expect(mail.attachments.map(({ mimeType }) => mimeType)).toEqual(["message/delivery-status"]);
  expect(mail.text).toContain("a@x.test");
  expect(mail.text).toContain("The original message could not be attached.");
  const second = await writer().shrink(asMessage(first.report?.content ?? Buffer.alloc(0)));
  expect(second).toMatchObject({
    report: undefined,
    about: " It was the report on message without Message-ID to a@x.test (failed 5.1.1).",
  });
});

test("each report has a Message-ID of its own, by message, kind, time and chance", async () => {
  let chance = 0;
  const clock = createFakeClock(36 ** 3);
  const one = createReportWriter(settings, { clock, random: () => chance });
  const idOf = async (kind: "failed" | "delayed"): Promise<string> =>
    (await one.write(claimOf(small), kind, failed)).messageId;
  expect(await idOf("failed")).toBe("<7.failed.1000.0@relay.test>");
  chance = 36 ** 4 / 2 ** 48;
  expect(await idOf("delayed")).toBe("<7.delayed.1000.10000@relay.test>");
  chance = 1 - 2 ** -48;
  expect(await idOf("failed")).toBe(`<7.failed.1000.${(2 ** 48 - 1).toString(36)}@relay.test>`);
});
