import { describe, expect, it } from "vitest";
import { ReplyReader, type PeerReply } from "./reply-reader.ts";

function read(pieces: readonly string[]): { replies: PeerReply[]; fault: string | undefined } {
  const reader = new ReplyReader();
  const replies: PeerReply[] = [];
  for (const piece of pieces) {
    reader.push(Buffer.from(piece));
    for (let reply = reader.next(); reply !== undefined; reply = reader.next()) replies.push(reply);
  }
  return { replies, fault: reader.fault };
}

describe("ReplyReader", () => {
  const cases: [string, string, PeerReply[]][] = [
    ["one line", "250 2.0.0 Ok\r\n", [{ code: 250, text: "2.0.0 Ok" }]],
    ["code alone", "250\r\n", [{ code: 250, text: "" }]],
    ["empty text", "250 \r\n", [{ code: 250, text: "" }]],
    ["bare LF", "250 Ok\n", [{ code: 250, text: "Ok" }]],
    ["several lines", "250-a\r\n250-b\r\n250 c\r\n", [{ code: 250, text: "a\nb\nc" }]],
    [
      "several replies",
      "250 a\r\n354 b\r\n",
      [
        { code: 250, text: "a" },
        { code: 354, text: "b" },
      ],
    ],
    [
      "codes of one class as one, the last counts",
      "250-a\r\n251 b\r\n451-c\r\n452-d\r\n450 e\r\n",
      [
        { code: 251, text: "a\nb" },
        { code: 450, text: "c\nd\ne" },
      ],
    ],
    [
      "an overlong line by its beginning, in the midst and last",
      `250-${"x".repeat(9000)}\r\n250 ${"y".repeat(20_000)}\r\n220 z\r\n`,
      [
        { code: 250, text: `${"x".repeat(8188)}\n${"y".repeat(8188)}` },
        { code: 220, text: "z" },
      ],
    ],
    [
      "codes at the ends of what there is",
      "200 a\r\n599 b\r\n209-c\r\n290 d\r\n",
      [
        { code: 200, text: "a" },
        { code: 599, text: "b" },
        { code: 290, text: "c\nd" },
      ],
    ],
    ["UTF-8", "550 grün\r\n", [{ code: 550, text: "grün" }]],
  ];
  it.each(cases)("reads %s, whole and octet by octet", (_, wire, expected) => {
    expect(read([wire])).toEqual({ replies: expected, fault: undefined });
    const octets = [...Buffer.from(wire)].map((octet) => Buffer.from([octet]));
    const reader = new ReplyReader();
    const replies: PeerReply[] = [];
    for (const octet of octets) {
      reader.push(octet);
      for (let reply = reader.next(); reply !== undefined; reply = reader.next()) replies.push(reply);
    }
    expect(replies).toEqual(expected);
    expect(reader.pendingBytes).toBe(0);
  });

  it.each([
    ["words", "HTTP/1.1 400 Bad\r\n"],
    ["an empty line", "\r\n"],
    ["a code out of range", "199 x\r\n"],
    ["a class that is none", "650 x\r\n"],
    ["no digit in the middle, from below", "2/0 x\r\n"],
    ["no digit in the middle, from above", "2:0 x\r\n"],
    ["no digit at the end, from below", "25/ x\r\n"],
    ["no digit at the end, from above", "25: x\r\n"],
    ["two digits", "25\r\n"],
    ["four digits", "2500\r\n"],
    ["a wrong separator", "250_x\r\n"],
    ["a change of code", "250-a\r\n550 b\r\n"],
    ["an overlong line that is no reply", `${"x".repeat(9000)}\r\n`],
    ["an endless line", "250 ".padEnd(1_100_000, "x")],
    ["endless lines", "250-x\r\n".repeat(200_000)],
  ])("finds fault with %s", (_, wire) => {
    const { replies, fault } = read([wire]);
    expect(replies).toEqual([]);
    expect(fault).toBeTypeOf("string");
  });

  it("takes any number of lines, keeps 256 and the last", () => {
    const { replies, fault } = read([`${"250-x\r\n".repeat(2_000)}250 last\r\n250 next\r\n`]);
    expect(fault).toBeUndefined();
    expect(replies.map(({ text }) => text.split("\n").length)).toEqual([256, 1]);
    expect(replies[0]?.text.endsWith("x\nlast")).toBe(true);
  });

  it("counts what no reply was made of", () => {
    const reader = new ReplyReader();
    reader.push(Buffer.from("220 go\r\n250 inj"));
    expect(reader.next()?.code).toBe(220);
    expect(reader.pendingBytes).toBe(7);
  });

  it.each([
    ["", false],
    ["250 more\r\n", true],
    ["2", true],
    ["421 closing\r\n", false],
    ["221-bye", false],
  ])("knows whether another is behind it, good-byes left out: %j", (behind, hasAnother) => {
    const reader = new ReplyReader();
    reader.push(Buffer.from(`550 no\r\n${behind}`));
    reader.next();
    expect(reader.hasAnother).toBe(hasAnother);
  });
});
