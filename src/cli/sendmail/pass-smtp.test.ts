import { expect, test } from "vitest";
import { withCrlf } from "./pass-smtp.ts";

async function passed(octets: string, chunkBytes: number): Promise<string> {
  const lines = withCrlf();
  const pieces: Buffer[] = [];
  lines.on("data", (piece: Buffer) => void pieces.push(piece));
  const all = Buffer.from(octets, "latin1");
  for (let at = 0; at < all.length; at += chunkBytes) lines.write(all.subarray(at, at + chunkBytes));
  await new Promise<void>((resolve) => lines.end(resolve));
  return Buffer.concat(pieces).toString("latin1");
}

test.each([1, 2, 3, 7, 1000])("octets by %d", async (chunkBytes) => {
  for (const [given, expected] of [
    ["EHLO a\nDATA\n\n.\nQUIT\n", "EHLO a\r\nDATA\r\n\r\n.\r\nQUIT\r\n"],
    ["EHLO a\r\nDATA\r\nx\n.\ny\r\n.\r\n", "EHLO a\r\nDATA\r\nx\n.\ny\r\n.\r\n"],
    ["EHLO a\nx\r\ny\rz\n", "EHLO a\r\nx\r\ny\rz\r\n"],
    ["QUIT", "QUIT"],
  ] as const)
    expect(await passed(given, chunkBytes)).toBe(expected);
});
