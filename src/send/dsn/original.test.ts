import { expect, test } from "vitest";
import { testClaim, type TestClaim } from "../../testing/test-claim.ts";
import { readOriginal } from "./original.ts";

const kib = 1024;
const header = "Subject: Hello\r\nMessage-ID: <1@a.test>\r\n";
const found = { subject: "Hello", messageId: "<1@a.test>" };
const none = { subject: undefined, messageId: undefined };
const shown = async (claim: TestClaim, full: boolean) => {
  const { octets, ...rest } = await readOriginal(testClaim(claim), full);
  return { ...rest, text: octets.toString("latin1") };
};

test.each<[string, string, boolean, object]>([
  ["all of it", `${header}\r\nbody\r\n`, true, { extent: "full", text: `${header}\r\nbody\r\n`, ...found }],
  ["its header", `${header}\r\nbody\r\n`, false, { extent: "headers", text: header, ...found }],
  [
    "its header, being 8-bit",
    `${header}\r\nb\xf6dy\r\n`,
    true,
    { extent: "headers", text: header, ...found },
  ],
  ["a header without an end", header, false, { extent: "headers", text: header, ...found }],
  ["whole lines", `${header}half a li`, false, { extent: "headers", text: header, ...found }],
  ["no header", "\r\nbody\r\n", false, { extent: "headers", text: "", ...none }],
  ["no line end", "x", false, { extent: "headers", text: "", ...none }],
  ["nothing", "", false, { extent: "headers", text: "", ...none }],
])("a report carries %s", async (_, content, full, expected) => {
  expect(await shown({ content: Buffer.from(content, "latin1") }, full)).toEqual(expected);
  if (content !== "")
    expect(await shown({ content: Buffer.from(content, "latin1"), pieceBytes: 3 }, full)).toEqual(expected);
});

test("a binary header gets the line ends of a message, and loses NULs", async () => {
  const content = "Subject: a\0b\nX: 1\rY: 2\r\n\r\nbody";
  const envelope = { body: "BINARYMIME" } as const;
  expect(await shown({ content, envelope }, false)).toEqual({
    extent: "headers",
    text: "Subject: ab\r\nX: 1\r\nY: 2\r\n",
    subject: "ab",
    messageId: undefined,
  });
});

test.each([
  ["its header", false, 4],
  ["its header, being 8-bit", true, 4],
  ["all of it", true, 10],
])("no more is read than is needed for %s", async (what, full, pieces) => {
  let read = 0;
  const stream = async function* () {
    for (; read < 10;) {
      read++;
      yield Buffer.alloc(64 * kib, "x".repeat(98) + "\r\n");
    }
  };
  const facts = { eightBit: what.endsWith("8-bit") };
  const { octets } = await readOriginal(testClaim({ stream, facts }), full);
  expect(read).toBe(pieces);
  if (pieces === 10) expect(octets).toHaveLength(640 * kib);
  else {
    // Behind the last whole line of 256 KiB.
    expect(octets.length).toBeLessThanOrEqual(256 * kib);
    expect(octets.length).toBeGreaterThan(256 * kib - 100);
    expect(octets.subarray(-2).toString()).toBe("\r\n");
  }
});
