import { describe, expect, it } from "vitest";
import {
  encodeReply,
  maxReplyLineBytes,
  queuedForDelivery,
  replies,
  replyLine,
  type Reply,
} from "./reply.ts";

const plain = "[InternalId=7, Hostname=relay.test] Queued mail for delivery";
const fits = (length: number): string => `<${"x".repeat(length - 2)}>`;
const roomForMessageId = maxReplyLineBytes - `250 2.6.0  ${plain}\r\n`.length;

describe("the reply to content repeats the Message-ID where a line may hold it", () => {
  it.each([
    ["a common one", "<a@b.example>", `<a@b.example> ${plain}`],
    ["none", undefined, plain],
    ["an empty one", "", plain],
    ["not ASCII", "<ä@b.example>", plain],
    ["a control", "<a\t@b.example>", plain],
    ["a line end", "<a>\r\n250 2.0.0 OK", plain],
    ["DEL", "<\x7f>", plain],
    ["as long as may be", fits(roomForMessageId), `${fits(roomForMessageId)} ${plain}`],
    ["one octet longer", fits(roomForMessageId + 1), plain],
    ["1,000 octets", fits(1000), plain],
  ])("%s", (_, messageId, text) => {
    const said = queuedForDelivery(7, messageId, "relay.test");
    expect(said.text).toBe(text);
    expect(encodeReply(said, true).length).toBeLessThanOrEqual(maxReplyLineBytes);
  });
});

describe("whatever a reply is made of, its lines are printable ASCII and no longer than 512 octets", () => {
  it.each([
    { code: 220, text: "Bücher GmbH 📚" },
    { code: 220, text: "one\r\n250 two" },
    { code: 421, status: "4.3.2", text: "x".repeat(2_000) },
    { code: 250, text: "y".repeat(600), more: ["z".repeat(600), "\u0000", "SIZE 1"] },
  ] satisfies Reply[])("%j", (said) => {
    const lines = encodeReply(said, true).split("\r\n");
    expect(lines.pop()).toBe("");
    expect(lines).toHaveLength(1 + ("more" in said ? said.more.length : 0));
    for (const line of lines) {
      expect(line).toMatch(/^\d{3}[ -][\x20-\x7e]*$/);
      expect(line.length).toBeLessThanOrEqual(510);
    }
    expect(replyLine(said)).toMatch(/^[\x20-\x7e]{0,510}$/);
  });

  it("changes none of ours", () => {
    for (const said of Object.values(replies)) {
      const { code, text } = said;
      const status = "status" in said ? `${said.status} ` : "";
      expect(encodeReply(said, true)).toContain(`${code}`);
      expect(encodeReply(said, true)).toContain(`${status}${text}`);
    }
  });
});
