import { expect, test, vi } from "vitest";
import { testClaim } from "../testing/test-claim.ts";
import { dividedOctets, hashContent, type HashedContent } from "./hash-content.ts";

test.each([
  ["header and body", "From: a@b.test\r\nTo: c@d.test\r\n", "\r\n", "Hello\r\n\r\n.\r\n"],
  ["a header alone, without the empty line", "From: a@b.test\r\nTo: c@d.test\r\n", "", ""],
  ["no header", "", "\r\n", "Hello\r\n\r\nagain\r\n"],
  ["an empty body", "From: a@b.test\r\n", "\r\n", ""],
])("%s come apart however the content is cut", async (_, header, between, body) => {
  const whole = await hashContent(testClaim({ content: header + between + body }).content, "relaxed");
  const told = ({ header: text, hashBody }: HashedContent) => ({ header: text, hashedBody: hashBody() });
  expect(whole.header).toBe(header);
  expect(told(dividedOctets(Buffer.from(header + between + body), "relaxed"))).toEqual(told(whole));
  for (let pieceBytes = 1; pieceBytes < 12; pieceBytes++) {
    const { content } = testClaim({ content: header + between + body, pieceBytes });
    expect(told(await hashContent(content, "relaxed"))).toEqual(told(whole));
  }
});

test("a large header is not copied for each of its pieces", async () => {
  const header = `Subject: ${"x".repeat(64 * 1024)}\r\n`;
  const { content } = testClaim({ content: `${header}\r\nHello\r\n`, pieceBytes: 64 });
  const concat = vi.spyOn(Buffer, "concat");
  const { header: found } = await hashContent(content, "relaxed");
  const copied = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
  concat.mockRestore();
  expect(found).toBe(header);
  expect(copied).toBeLessThan(4 * header.length);
});
