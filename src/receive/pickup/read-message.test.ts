import type { Stats } from "node:fs";
import { mkdtemp, open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { SourceGone } from "../transaction/submission-source.ts";
import { NoMessage, readMessage, type PickupKind, type ReadingLimits } from "./read-message.ts";

test("a head of many recipients is looked at a few times, not once for each piece of it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-read-"));
  const file = await open(join(folder, "x.eml"), "w+");
  try {
    const lines = Array.from({ length: 100_000 }, (_, n) => `X-Receiver: <recipient-${n}@d.test>\r\n`);
    await file.writeFile(`X-Sender: <a@s.test>\r\n${lines.join("")}Subject: s\r\n\r\nbody\r\n`);
    const looks = vi.spyOn(Buffer, "concat");
    const { envelope, content } = await readMessage(
      "Replay",
      file,
      await file.stat(),
      { maxHeaderBytes: 65_536, maxRecipients: 100, hostname: "r.test" },
      new Date(),
    );
    expect(envelope.recipients).toHaveLength(100_000);
    expect(looks.mock.calls.length).toBeLessThan(12);
    looks.mockRestore();
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe("Subject: s\r\n\r\nbody\r\n");
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
});

describe("a file", () => {
  /** Read `pieceBytes` at a time. */
  const fileOf = (octets: Buffer, pieceBytes = octets.length) => {
    const stats = { size: octets.length, mtimeMs: 1_000 };
    const handle = {
      stats,
      read: (chunk: Buffer, offset: number, length: number, position: number) =>
        Promise.resolve({
          bytesRead: octets.copy(
            chunk,
            offset,
            position,
            Math.min(octets.length, position + Math.min(length, pieceBytes)),
          ),
        }),
      stat: () => Promise.resolve(stats as Stats),
    };
    return handle;
  };
  const usual = { maxHeaderBytes: 65_536, maxRecipients: 100, hostname: "r.test" };
  const readOf = async (
    kind: PickupKind,
    octets: Buffer,
    limits: Partial<ReadingLimits> = {},
    pieceBytes?: number,
    change?: (stats: { size: number; mtimeMs: number }) => void,
  ) => {
    const file = fileOf(octets, pieceBytes);
    const { envelope, content } = await readMessage(
      kind,
      file as unknown as FileHandle,
      { ...file.stats } as Stats,
      { ...usual, ...limits },
      new Date(0),
    );
    change?.(file.stats);
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(piece);
    return { envelope, text: Buffer.concat(pieces).toString("latin1"), pieces: pieces.length };
  };
  const header = "From: a@s.test\r\nTo: b@d.test\r\nDate: x\r\nMessage-ID: <1@a>\r\n";

  test.each<[string, string, string]>([
    ["CRLF", `${header}\r\n\r\nbody\n`, "\r\nbody\n"],
    ["line feeds", `${header}\r\nbody`.replaceAll("\r", ""), "body"],
    ["line feeds, and an empty line of CRLF", `${header.replaceAll("\r", "")}\r\n\nbody`, "\nbody"],
    ["CRLF, and an empty line of one feed", `${header}\nbody`, "body"],
    ["no body", `${header}\r\n`, ""],
    ["a mark of UTF-8", `\xef\xbb\xbf${header}\r\nbody`, "body"],
  ])("of a Pickup directory with %s", async (_, text, body) => {
    for (const pieceBytes of [undefined, 1]) {
      const octets = Buffer.from(text, "latin1");
      const read = await readOf("Pickup", octets, {}, pieceBytes);
      expect(read.envelope).toMatchObject({
        mailFrom: "a@s.test",
        recipients: [{ address: "b@d.test" }],
        sizeBytes: octets.length,
      });
      const end = read.text.indexOf("\r\n\r\n") + 4;
      expect(read.text.slice(end)).toBe(body);
      expect(read.text.slice(0, end)).toMatch(/^From: a@s\.test\r\nTo: b@d\.test\r\n/);
    }
  });

  test.each<[string, PickupKind, Buffer, RegExp]>([
    ["UTF-16", "Pickup", Buffer.from([0xff, 0xfe, 70, 0]), /UTF-16/],
    ["UTF-16 the other way round", "Replay", Buffer.from([0xfe, 0xff, 0, 70]), /UTF-16/],
    ["one octet", "Pickup", Buffer.from([0xff]), /no empty line/],
    ["no end of its header", "Pickup", Buffer.from(`${header}X: y\r\n\r`), /no empty line/],
    ["no recipients", "Pickup", Buffer.from("From: a@s.test\r\n\r\n"), /recipient/],
    ["no X-Sender", "Replay", Buffer.from(`${header}\r\n`), /X-Sender/],
  ])("with %s is no message", async (_, kind, octets, expected) => {
    const reading = readOf(kind, octets);
    await expect(reading).rejects.toThrow(expected);
    await expect(reading).rejects.toBeInstanceOf(NoMessage);
  });

  test("has a header up to its limit, and not more, whether its end has come or not", async () => {
    const octets = Buffer.from(`${header}\r\n`);
    expect((await readOf("Pickup", octets, { maxHeaderBytes: header.length })).pieces).toBeGreaterThan(0);
    const limits = { maxHeaderBytes: header.length - 1 };
    await expect(readOf("Pickup", octets, limits)).rejects.toThrow("pickupDirectoryMaxHeaderSize");
    const endless = Buffer.from("X".repeat(5_000));
    await expect(readOf("Pickup", endless, { maxHeaderBytes: 4_999 })).rejects.toThrow("is larger than");
    await expect(readOf("Pickup", endless, { maxHeaderBytes: 5_000 })).rejects.toThrow("no empty line");
  });

  test("of a Replay directory is its content behind the envelope, in pieces", async () => {
    const head =
      "X-Sender: <a@s.test> BODY=8BITMIME RET=HDRS ENVID=q\r\nX-Receiver: <b@d.test> NOTIFY=NEVER\r\n";
    const body = `Subject: s\r\n\r\n${"x".repeat(200_000)}`;
    const { envelope, text, pieces } = await readOf("Replay", Buffer.from(head + body));
    expect(envelope).toMatchObject({
      mailFrom: "<a@s.test>",
      recipients: [{ address: "<b@d.test>", notify: { never: true } }],
      body: "8BITMIME",
      ret: "HDRS",
      envid: "q",
      sizeBytes: body.length,
    });
    expect(text === body).toBe(true);
    expect(pieces).toBeGreaterThan(2);
    expect((await readOf("Replay", Buffer.from(head + body), {}, 7_000)).text === body).toBe(true);
  });

  test.each<[string, (stats: { size: number; mtimeMs: number }) => void]>([
    ["grew", (stats) => void stats.size++],
    ["was written to", (stats) => void stats.mtimeMs++],
  ])("that %s while it was read is not taken", async (_, change) => {
    const reading = readOf("Pickup", Buffer.from(`${header}\r\nbody`), {}, undefined, change);
    await expect(reading).rejects.toBeInstanceOf(SourceGone);
  });
});
