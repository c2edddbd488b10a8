import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { ByteReader, stuff, unstuff } from "./byte-reader.ts";

/** Feeds `octets` in pieces of `size`. */
function readerOf(octets: string, size: number): ByteReader {
  const stream = new PassThrough();
  const reader = new ByteReader(stream);
  for (let i = 0; i < octets.length; i += size)
    stream.write(Buffer.from(octets.slice(i, i + size), "latin1"));
  stream.end();
  return reader;
}

test.each([1, 2, 3, 4, 5, 7, 100])("lines and content in pieces of %i", async (size) => {
  const reader = readerOf("A\r\nB\nb\r\n..x\r\n.\r\r\n\r\n.\n.\r\n.\r\nQUIT\r\nrest", size);
  expect((await reader.line())?.toString()).toBe("A");
  expect((await reader.line())?.toString()).toBe("B\nb");
  expect((await reader.content())?.toString()).toBe(".x\r\n\r\r\n\r\n\n.\r\n");
  expect((await reader.line())?.toString()).toBe("QUIT");
  expect(await reader.line()).toBeUndefined();
});

test.each([1, 2, 3, 100])("empty content in pieces of %i", async (size) => {
  const reader = readerOf(".\r\nX\r\n", size);
  expect((await reader.content())?.length).toBe(0);
  expect((await reader.line())?.toString()).toBe("X");
});

test.each(["", ".", "a\r\n", ".a\r\n", "..\r\n.\r\n\r\n.\r\n", "a\r\n.b\r\n..c\r\n"])(
  "stuff and unstuff %j",
  (text) => {
    const content = Buffer.from(text);
    expect(unstuff(stuff(content)).toString()).toBe(text);
    expect(stuff(content).includes("\r\n.\r\n")).toBe(false);
  },
);
