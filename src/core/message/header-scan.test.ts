import { describe, expect, it } from "vitest";
import { maxHeaderValueOctets, scanHeader } from "./header-scan.ts";

const scan = (text: string) => scanHeader(Buffer.from(text));

describe("scanHeader", () => {
  it("reads what the relay needs", () => {
    const header =
      "Received: from a\r\n by b\r\nRECEIVED: x\r\nReceived-SPF: pass\r\nFrom: A <a@b>\r\nDate: Thu, 5 Nov 2026\r\n" +
      "message-ID:\r\n <1@a>\r\nSubject: one\r\n\ttwo\r\nX-Received: y\r\n";
    expect(scan(header)).toEqual({
      receivedCount: 2,
      messageId: "<1@a>",
      hasDate: true,
      subject: "one\ttwo".replace("\t", " "),
      from: "A <a@b>",
      isTlsOptional: false,
      brokenAt: -1,
      senderFields: [],
      hasBareLineEnd: false,
    });
  });

  it("gives every field that names a sender, whole, where that is asked for", () => {
    const long = "x".repeat(5_000);
    const header = Buffer.from(
      `FROM: a@b,\r\n\tc@d\r\nfrom : e@f\r\nResent-From: g@h\r\nSender:\r\n i@j\r\nresent-sender: ${long}\r\nX: y\rz\r\nReceived: r\r\n\r\nFrom: k@l\r\n`,
    );
    expect(scanHeader(header).senderFields).toEqual([]);
    expect(scanHeader(header, { senders: true })).toMatchObject({
      senderFields: [
        { name: "From", value: "a@b, c@d" },
        { name: "From", value: "e@f" },
        { name: "Resent-From", value: "g@h" },
        { name: "Sender", value: "i@j" },
        { name: "Resent-Sender", value: long },
      ],
      hasBareLineEnd: true,
      receivedCount: 1,
    });
    expect(scanHeader(Buffer.from("A: b\r\n\r\nx\ry\nz"), { senders: true }).hasBareLineEnd).toBe(false);
    expect(scanHeader(Buffer.from("A: b\nC: d\r\n\r\n"), { senders: true }).hasBareLineEnd).toBe(true);
  });

  it.each([
    ["TLS-Required: No\r\n", true],
    ["A: b\r\ntls-required:\r\n NO\r\n\r\n", true],
    ["TLS-Required: Yes\r\n", false],
    ["TLS-Required: No\r\nTLS-Required: No\r\n", false],
    ["A: b\r\n\r\nTLS-Required: No\r\n", false],
    ["X-TLS-Required: No\r\n", false],
  ])("%j says that TLS is optional: %s", (header, expected) => {
    expect(scan(header).isTlsOptional).toBe(expected);
  });

  it("stops at the empty line", () => {
    expect(scan("Subject: x\r\n\r\nReceived: y\r\nDate: z\r\n")).toMatchObject({
      receivedCount: 0,
      hasDate: false,
      brokenAt: -1,
    });
  });

  it.each([
    ["", undefined],
    ["Subject", undefined],
    ["Subject:", ""],
    ["Subject :x\r\n", "x"],
    ["Subject: x", "x"],
    ["Subjects: x\r\n", undefined],
    [" Subject: x\r\n", undefined],
    ["X: y\r\n Subject: x\r\n", undefined],
    ["Subject: first\r\nSubject: second\r\n", "first"],
    ["Subject: a\0b\x1b[2J\u2028c\u0085d\r\n", "a b [2J c d"],
    ["Subject: a\x1fb c~d\x7fe\x9ff\xa0g\u2027h\u2029i\u202aj\r\n", "a b c~d e f\xa0g\u2027h i\u202aj"],
    ["Subject: ü\r\n", "ü"],
    ["\x53ubject: x\r\n", "x"],
    ["\x33ubject: x\r\n", undefined],
  ])("%j has subject %j", (header, subject) => {
    expect(scan(header).subject).toBe(subject);
  });

  it.each([
    ["Subject: x\r\n\rX: y\r\n", 12],
    ["Subject: x\r\n\nX: y\r\n", 12],
    ["Subject: x\r\nno field\r\n", 12],
    [": x\r\n", 0],
    ["X~!: x\r\n", -1],
    ["X\x7f: x\r\n", 0],
    ["X \t: x\r\n", -1],
    ["\r\n", -1],
    ["X: y\r\n\r\nno field", -1],
  ])("%j is broken at %d", (header, at) => {
    expect(scan(header).brokenAt).toBe(at);
  });

  it("has no message id when it is empty", () => {
    expect(scan("Message-ID: \r\n").messageId).toBeUndefined();
  });

  it("cuts long values off", () => {
    expect(scan(`Subject: ${"x".repeat(5000)}\r\n`).subject!.length).toBeLessThanOrEqual(
      maxHeaderValueOctets,
    );
  });

  it("counts 300,000 fields", () => {
    expect(scan("Received: x\r\n".repeat(300_000)).receivedCount).toBe(300_000);
  });
});
