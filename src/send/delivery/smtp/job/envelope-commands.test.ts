import { describe, expect, it } from "vitest";
import type { Envelope } from "../../../../core/message/envelope.ts";
import { noCapabilities } from "../wire/ehlo-capabilities.ts";
import {
  asksForReports,
  envelopeRefusal,
  mailCommand,
  needsSevenBit,
  unconvertedRefusal,
  recipientCommand,
  xtext,
} from "./envelope-commands.ts";

const envelope: Envelope = { reversePath: "a@a.test", recipients: [], body: "7BIT", smtpUtf8: false };
const content = { sizeBytes: 100, dotLines: 0, eightBit: false, endsWithCrlf: true };
const oldEightBit = { ...content, eightBit: true };
const eightBit = { ...oldEightBit, headerEightBit: false };
const eightBitHeader = { ...oldEightBit, headerEightBit: true };
const data = { chunking: false, asciiPaths: true };
const bdat = { chunking: true, asciiPaths: true };
const none = noCapabilities;
const eight = { ...none, eightBitMime: true };
const size = { ...none, sizeLimitBytes: Infinity };
const dsn = { ...none, dsn: true };
const binary = { ...none, chunking: true, binaryMime: true };
const utf8 = { ...eight, smtpUtf8: true };

describe("envelopeRefusal", () => {
  it.each([
    ["nothing special", {}, content, none, data, undefined],
    ["SMTPUTF8 for a path", {}, content, eight, { ...data, asciiPaths: false }, "5.6.7"],
    ["SMTPUTF8 for the header", { smtpUtf8: true }, eightBitHeader, eight, data, "5.6.7"],
    ["SMTPUTF8 not for a body", { smtpUtf8: true }, eightBit, eight, data, undefined],
    ["a header of which nothing was declared", {}, eightBitHeader, eight, data, undefined],
    ["a record from before", { smtpUtf8: true }, oldEightBit, eight, data, "5.6.7"],
    ["SMTPUTF8 declared, all ASCII", { smtpUtf8: true }, content, none, data, undefined],
    ["SMTPUTF8 offered", { smtpUtf8: true }, eightBit, utf8, { ...data, asciiPaths: false }, undefined],
    ["too large", {}, content, { ...none, sizeLimitBytes: 99 }, data, "5.3.4"],
    ["just fits", {}, content, { ...none, sizeLimitBytes: 100 }, data, undefined],
  ] as const)("%s", (_, given, facts, capabilities, framing, status) => {
    expect(envelopeRefusal({ ...envelope, ...given }, facts, capabilities, framing)?.status).toBe(status);
  });
});

describe("needsSevenBit", () => {
  it.each([
    ["undeclared 8-bit", {}, eightBit, none, data, true],
    ["8BITMIME declared, content 7-bit", { body: "8BITMIME" }, content, none, data, false],
    ["8BITMIME not offered", { body: "8BITMIME" }, eightBit, none, data, true],
    ["8BITMIME offered", { body: "8BITMIME" }, eightBit, eight, data, false],
    ["BINARYMIME by DATA", { body: "BINARYMIME" }, content, binary, data, true],
    ["BINARYMIME not offered", { body: "BINARYMIME" }, content, eight, bdat, true],
    ["BINARYMIME offered", { body: "BINARYMIME" }, content, binary, bdat, false],
  ] as const)("%s", (_, given, facts, capabilities, framing, needed) => {
    expect(needsSevenBit({ ...envelope, ...given }, facts, capabilities, framing)).toBe(needed);
  });
});

describe("unconvertedRefusal", () => {
  const plan = { changes: new Map(), kept: [], keepsBinary: false, dkimSigned: false };
  const kept = { ...plan, kept: ["a signed part"] };
  it.each([
    ["all converted", plan, none, ["RejectUnconvertible"], undefined],
    ["kept, to be sent", kept, none, [], undefined],
    ["kept, to be refused", kept, none, ["RejectUnconvertible"], "5.6.3"],
    ["kept, for a peer that takes it", kept, eight, ["RejectUnconvertible"], undefined],
    ["binary", { ...plan, keepsBinary: true }, eight, [], "5.6.3"],
  ] as const)("%s", (_, given, capabilities, policy, status) => {
    expect(unconvertedRefusal(given, capabilities, policy)?.status).toBe(status);
  });
});

describe("mailCommand", () => {
  const open = { ...content, endsWithCrlf: false };
  it.each([
    [{}, content, none, data, ""],
    [{ reversePath: "" }, content, none, data, ""],
    [{}, content, size, data, " SIZE=100"],
    [{}, open, size, data, " SIZE=102"],
    [{}, open, size, bdat, " SIZE=100"],
    [{}, { ...open, sizeBytes: 0 }, size, data, " SIZE=0"],
    [{}, { ...open, sizeBytes: 1 }, size, data, " SIZE=3"],
    [{}, eightBit, eight, data, " BODY=8BITMIME"],
    [{}, eightBit, none, data, ""],
    [{ body: "8BITMIME" }, content, eight, data, " BODY=8BITMIME"],
    [{ body: "BINARYMIME" }, content, binary, bdat, " BODY=BINARYMIME"],
    [{ smtpUtf8: true }, eightBitHeader, utf8, data, " BODY=8BITMIME SMTPUTF8"],
    [{ smtpUtf8: true }, content, utf8, { ...data, asciiPaths: false }, " SMTPUTF8"],
    [{ smtpUtf8: true }, eightBit, utf8, data, " BODY=8BITMIME"],
    [{ smtpUtf8: true }, content, utf8, data, ""],
    [{ smtpUtf8: true }, content, none, data, ""],
    [{ ret: "HDRS", envid: "QQ+2B1" }, content, dsn, data, " RET=HDRS ENVID=QQ+2B1"],
    [{ ret: "HDRS", envid: "QQ+2B1" }, content, none, data, ""],
  ] as const)("%j %#", (given, facts, capabilities, framing, parameters) => {
    const whole: Envelope = { ...envelope, ...given };
    expect(mailCommand(whole, facts, capabilities, framing)).toBe(
      `MAIL FROM:<${whole.reversePath}>${parameters}\r\n`,
    );
  });
});

describe("recipientCommand", () => {
  const notify = { never: false, success: true, failure: true, delay: false };
  const never = { never: true, success: false, failure: false, delay: false };
  it.each([
    [{}, dsn, false, ""],
    [{}, dsn, true, " ORCPT=rfc822;b+2Bc@b.test"],
    [{ notify }, dsn, true, " NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bc@b.test"],
    [{ notify: never, orcpt: "rfc822;x@y" }, dsn, true, " NOTIFY=NEVER ORCPT=rfc822;x@y"],
    [
      { notify: { ...never, never: false }, orcpt: "rfc822;x@y" },
      dsn,
      true,
      " NOTIFY=NEVER ORCPT=rfc822;x@y",
    ],
    [{ notify, orcpt: "rfc822;x@y" }, none, true, ""],
  ] as const)("%j %#", (given, capabilities, reports, parameters) => {
    expect(recipientCommand({ forwardPath: "b+c@b.test", ...given }, capabilities, reports)).toBe(
      `RCPT TO:<b+c@b.test>${parameters}\r\n`,
    );
  });

  it("knows which envelopes ask for reports", () => {
    expect(asksForReports(envelope)).toBe(false);
    expect(asksForReports({ ...envelope, envid: "x" })).toBe(true);
    expect(asksForReports({ ...envelope, recipients: [{ forwardPath: "b", notify }] })).toBe(true);
  });

  it("writes xtext", () => expect(xtext('"a b"+c=d@e')).toBe('"a+20b"+2Bc+3Dd@e'));
});
