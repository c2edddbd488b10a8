import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { testClaim } from "../../testing/test-claim.ts";
import { decodeMessage, decodeState, encodeMessage, encodeState, headRoomBytes } from "./record.ts";

const { id: _, ...header } = testClaim({ recipients: ["größe@b.test"] }).message;
const content = Buffer.from("Subject: ü\r\n\r\nHello\r\n");
const encoded = (extra = {}) =>
  encodeMessage({ ...header, ...extra }, [content.subarray(0, 5), content.subarray(5)], content.length);

describe("a message", () => {
  test("comes back as it was", () => {
    const { record, content: within } = encoded();
    expect(within).toEqual(content);
    expect(decodeMessage(7, record)).toEqual({ message: { id: 7, ...header }, content });
  });

  test("without its content names the file's checksum", () => {
    const { record } = encodeMessage({ ...header, bodyCrc: 4711 }, [], 0);
    expect(decodeMessage(7, record)).toEqual({ message: { id: 7, ...header }, content: { bodyCrc: 4711 } });
  });

  test("stands as the format says", () => {
    const { record } = encoded();
    const json = JSON.stringify(header);
    expect(record.subarray(0, 4)).toEqual(Buffer.of(0x57, 1, 0, 0));
    expect(record.readUInt32BE(4)).toBe(crc32(record.subarray(8)));
    expect(record.readUInt32BE(8)).toBe(Buffer.byteLength(json));
    expect(record.subarray(12).toString()).toBe(json + content.toString());
  });

  test.each([
    ["its head fits there", 0, true],
    ["its head is larger than that", headRoomBytes, false],
  ])("is made where its content is when %s, and is the same", (_what, more, isInPlace) => {
    const large = { ...header, envelope: { ...header.envelope, reversePath: "a".repeat(more) } };
    const room = Buffer.concat([Buffer.alloc(headRoomBytes, "x"), content]);
    const inPlace = encodeMessage(large, [room.subarray(headRoomBytes)], content.length, room);
    expect(inPlace).toEqual(encodeMessage(large, [content], content.length));
    expect(inPlace.record.buffer === room.buffer).toBe(isInPlace);
    expect(decodeMessage(7, inPlace.record)).toEqual({ message: { id: 7, ...large }, content });
  });

  test("whose head fills all the room is made there", () => {
    const more =
      headRoomBytes - 12 - Buffer.byteLength(JSON.stringify(header)) + header.envelope.reversePath.length;
    for (const over of [0, 1]) {
      const large = { ...header, envelope: { ...header.envelope, reversePath: "a".repeat(more + over) } };
      const room = Buffer.concat([Buffer.alloc(headRoomBytes), content]);
      const { record } = encodeMessage(large, [content], content.length, room);
      expect(record.buffer === room.buffer).toBe(over === 0);
      expect(record.length).toBe(headRoomBytes + over + content.length);
    }
  });

  test.each<[string, (record: Buffer) => Buffer, string]>([
    ["empty", () => Buffer.alloc(0), "not a message"],
    ["cut within its head", (record) => record.subarray(0, 11), "not a message"],
    ["of another kind", (record) => record.fill(0x58, 0, 1), "not a message"],
    ["of another version", (record) => record.fill(2, 1, 2), "unknown version 2"],
    ["cut", (record) => record.subarray(0, -1), "checksum"],
    ["with another octet", (record) => record.fill(0, record.length - 1), "checksum"],
    ["with another length", (record) => record.fill(9, 11, 12), "checksum"],
    ["with another checksum", (record) => record.fill(record[4]! ^ 1, 4, 5), "checksum"],
  ])("that is %s is damaged", (_what, damage, words) => {
    expect(decodeMessage(7, damage(Buffer.from(encoded().record)))).toContain(words);
  });
});

describe("the state of recipients", () => {
  const recipients = [
    { index: 3, attempts: 2, delayReported: true, queue: "größe", dueAt: 5, lastError: "450" },
  ];

  test("comes back as it was", () => {
    const record = encodeState(recipients);
    expect(record.readUInt32BE(0)).toBe(crc32(record.subarray(4)));
    expect(decodeState(record)).toEqual(recipients);
    expect(decodeState(encodeState([]))).toEqual([]);
  });

  test.each<[string, (record: Buffer) => Buffer]>([
    ["empty", () => Buffer.alloc(0)],
    ["three octets", (record) => record.subarray(0, 3)],
    ["cut", (record) => record.subarray(0, -1)],
    ["with another octet", (record) => record.fill(0x20, 6, 7)],
  ])("that is %s is damaged", (_what, damage) => {
    expect(decodeState(damage(encodeState(recipients)))).toContain("checksum");
  });
});
