import { expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createSystemPorts } from "../../ports/system-ports.ts";
import { createMessageReader } from "./read-in-thread.ts";

const read = createMessageReader(createSystemPorts().clock);
async function* octetsOf(...pieces: readonly (string | Buffer)[]): AsyncIterable<Buffer> {
  for (const piece of pieces) yield await Promise.resolve(Buffer.from(piece as string));
}

test("text, HTML, header fields and attachments, whatever pieces it comes in", async () => {
  const message =
    "Subject: =?iso-8859-1?Q?gr=FC=DF?=\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ngr=FC=DF\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>x\r\n--x\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Disposition: inline; filename=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--x--\r\n";
  const { headers, text, html, attachments, isComplete } = await read(octetsOf(...message.split("")));
  expect([headers[0], text?.trim(), html?.trim(), isComplete]).toEqual([
    { name: "Subject", value: "=?iso-8859-1?Q?gr=FC=DF?=" },
    expect.stringContaining("gr\u00fc\u00df"),
    expect.stringContaining("<p>x"),
    true,
  ]);
  expect(attachments).toEqual([
    {
      fileName: "a.png",
      mediaType: "image/png",
      contentId: "logo",
      isInline: true,
      octets: new Uint8Array([0, 1, 2]),
    },
  ]);
});

test.each([
  ["nothing", ""],
  ["no header", "\r\njust text"],
  [
    "two thousand levels",
    Array.from(
      { length: 2_000 },
      (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`,
    ).join(""),
  ],
  ["no known charset", 'Content-Type: text/plain; charset="no-such"\r\n\r\nx'],
  ["octets of chance", Buffer.from(Array.from({ length: 10_000 }, (_, n) => (n * 7919) % 256))],
])("%s is read, or told as unread", async (_what, message) => {
  expect(await read(octetsOf(message))).toMatchObject({ attachments: [] });
});

test("what takes too long is given up, and the next is read", async () => {
  const clock = createFakeClock();
  const patient = createMessageReader(clock);
  const slow = `Content-Type: multipart/mixed; boundary=x\r\n\r\n${"--x\r\nContent-Type: text/plain\r\n\r\na\r\n".repeat(300_000)}`;
  let ended = false;
  const reading = patient(octetsOf(slow)).finally(() => (ended = true));
  await expect
    .poll(async () => {
      await clock.advance(10_000);
      return ended;
    })
    .toBe(true);
  expect(await reading).toMatchObject({ isComplete: false, attachments: [] });
  expect((await patient(octetsOf("a: b\r\n\r\nnext"))).text).toContain("next");
});

test("content that cannot be read is told", async () => {
  async function* broken(): AsyncIterable<Buffer> {
    yield await Promise.resolve(Buffer.from("a: b"));
    throw new Error("EIO");
  }
  await expect(read(broken())).rejects.toThrow("EIO");
});
