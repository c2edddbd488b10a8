import { describe, expect, it } from "vitest";
import { ContentFraming } from "../smtp/content-framing.ts";
import { repairHeader } from "./repair-header.ts";

/** As content comes: cut into pieces of `pieceBytes`, its header as the framing sees it. */
function repaired(text: string, pieceBytes: number) {
  const framing = new ContentFraming({ mode: "raw", maxHeaderBytes: 1_000 });
  const pieces: Buffer[] = [];
  const octets = Buffer.from(text, "latin1");
  for (let at = 0; at < octets.length; at += pieceBytes)
    framing.feed(octets, at, Math.min(octets.length, at + pieceBytes), pieces);
  framing.finish(pieces);
  const { header, content, facts } = repairHeader(framing.headerOctets(), pieces);
  return { header: header.toString("latin1"), content: Buffer.concat(content).toString("latin1"), facts };
}

it.each([
  // content, header, content as kept; undefined: as it came
  ["Subject: x\r\n\r\nbody\r\n", "Subject: x\r\n", undefined],
  ["Subject: x\r\n folded\r\nX-Y : z\r\n\r\nbody\r\n", "Subject: x\r\n folded\r\nX-Y : z\r\n", undefined],
  ["\r\nbody: x\r\n", "", undefined],
  ["", "", undefined],
  ["Subject: x\r\n", "Subject: x\r\n", undefined],
  ["  Pump 3: ALARM\r\nValue: 5\r\n", "", "\r\n  Pump 3: ALARM\r\nValue: 5\r\n"],
  ["Pump 3: ALARM\r\n", "", "\r\nPump 3: ALARM\r\n"],
  ["\tx\r\n", "", "\r\n\tx\r\n"],
  [": x\r\n", "", "\r\n: x\r\n"],
  ["no colon at all", "", "\r\nno colon at all"],
  ["Pump\xfc: x\r\n", "", "\r\nPump\xfc: x\r\n"],
  [
    "Subject: x\r\nPump 3 failed\r\n\r\nmore\r\n",
    "Subject: x\r\n",
    "Subject: x\r\n\r\nPump 3 failed\r\n\r\nmore\r\n",
  ],
  [
    "From app Sat Nov 28 19:00:00 2026\r\nSubject: x\r\n\r\nbody\r\n",
    "X-Mailbox-Line: From app Sat Nov 28 19:00:00 2026\r\nSubject: x\r\n",
    "X-Mailbox-Line: From app Sat Nov 28 19:00:00 2026\r\nSubject: x\r\n\r\nbody\r\n",
  ],
  [">From app\r\ntext\r\n", "X-Mailbox-Line: >From app\r\n", "X-Mailbox-Line: >From app\r\n\r\ntext\r\n"],
  ["\xef\xbb\xbfSubject: x\r\n\r\nx", "Subject: x\r\n", "Subject: x\r\n\r\nx"],
  ["\xef\xbb\xbfFrom app\r\n\r\nx", "X-Mailbox-Line: From app\r\n", "X-Mailbox-Line: From app\r\n\r\nx"],
  ["\xef\xbb\xbfno field", "", "\r\nno field"],
  ["\xef\xbb\xbf\xef\xbb\xbfX: y\r\n", "", "\r\n\xef\xbb\xbfX: y\r\n"],
  ["\xef\xbb: x\r\n", "", "\r\n\xef\xbb: x\r\n"],
  ["From: a@b\r\n\r\nx", "From: a@b\r\n", undefined],
  // Obsolete, and a field (RFC 5322 §4.5.2).
  ["From : a@b\r\n\r\nx", "From : a@b\r\n", undefined],
  ["From \t : a@b\r\n\r\nx", "From \t : a@b\r\n", undefined],
  ["From :\r\n", "From :\r\n", undefined],
  ["From ", "X-Mailbox-Line: From ", "X-Mailbox-Line: From "],
])("%j", (text, header, content = text) => {
  for (const pieceBytes of [1, 7, 1_000])
    expect(repaired(text, pieceBytes)).toMatchObject({ header, content });
});

it("facts are of the header alone", () => {
  expect(repaired("X: y\r\nno field\r\nSubject: in the body\r\n", 1_000).facts.subject).toBeUndefined();
});

describe("a header of which only the beginning is kept", () => {
  it.each([
    // what is kept, where it is broken
    ["Subject: x\r\nX-Fie", -1],
    ["Subject: x\r\nX-Field", -1],
    ["Subject: x\r\nX-Field ", -1],
    ["Subject: x\r\nX-Field:", -1],
    ["Subject: x\r\n", -1],
    ["Subject: x\r\nno field", 12],
    ["Subject: x\r\nno field\r\nX-Fie", 12],
    ["x".repeat(998), -1],
    ["x".repeat(999), 0],
  ])("%j is broken at %i", (text, brokenAt) => {
    const octets = Buffer.from(text);
    expect(repairHeader(octets, [octets], { isCutOff: true }).brokenAt).toBe(brokenAt);
  });
});
