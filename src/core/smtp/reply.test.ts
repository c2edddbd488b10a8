import { describe, expect, it } from "vitest";
import {
  encodeReply,
  maxReplyLineBytes,
  queuedForDelivery,
  replies,
  replyLine,
  type Reply,
  type ReplyName,
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

/** Code, enhanced status code, whether the connection ends behind it. */
const meanings: readonly (readonly [ReplyName, string])[] = [
  ["senderOk", "250 2.1.0"],
  ["recipientOk", "250 2.1.5"],
  ["resetting", "250 2.0.0"],
  ["ok", "250 2.0.0"],
  ["startMailInput", "354"],
  ["closing", "221 2.0.0 closes"],
  ["cannotVerify", "252 2.1.5"],
  ["startTls", "220 2.0.0"],
  ["authenticated", "235 2.7.0"],
  ["helpText", "214 2.0.0"],
];

describe("what clients act upon", () => {
  it.each(meanings)("%s is %s", (name, meaning) => {
    const { code, status, close }: Reply = replies[name];
    expect([code, status, close === true && "closes"].filter(Boolean).join(" ")).toBe(meaning);
  });

  it("stands here for every reply", () => {
    expect(meanings.map(([name]) => name)).toEqual(Object.keys(replies));
  });
});

describe("lines", () => {
  const lines = { code: 250, status: "2.0.0", text: "a", more: ["b", "c"] };
  it.each([
    [lines, true, "250-2.0.0 a\r\n250-2.0.0 b\r\n250 2.0.0 c\r\n"],
    [lines, false, "250-a\r\n250-b\r\n250 c\r\n"],
    [{ ...lines, more: ["b"] }, true, "250-2.0.0 a\r\n250 2.0.0 b\r\n"],
    [{ ...lines, more: [] }, true, "250 2.0.0 a\r\n"],
    [{ code: 354, text: "a" }, true, "354 a\r\n"],
    [{ code: 220, text: "x".repeat(506) }, true, `220 ${"x".repeat(506)}\r\n`],
    [{ code: 220, text: "x".repeat(507) }, true, `220 ${"x".repeat(506)}\r\n`],
    [{ code: 220, text: "a\x1fb\x7fc~ 😀" }, true, "220 a?b?c~ ?\r\n"],
  ] satisfies [Reply, boolean, string][])("%j, with status codes: %s", (said, withStatus, text) => {
    expect(encodeReply(said, withStatus)).toBe(text);
  });

  it.each([
    [lines, "250 2.0.0 a"],
    [{ code: 354, text: "a" }, "354 a"],
  ] satisfies [Reply, string][])("%j in a log", (said, text) => {
    expect(replyLine(said)).toBe(text);
  });
});
