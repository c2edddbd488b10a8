import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { csvField } from "./csv.ts";
import { delayedAckLine, formatLogSpan, tarpitLine } from "./protocol-lines.ts";
import { openProtocolLog, protocolLogDirectory } from "./protocol-log.ts";

describe("csvField", () => {
  it.each([
    ["EHLO app.example", "EHLO app.example"],
    ["250 2.1.0 Sender OK", "250 2.1.0 Sender OK"],
    ["SERVER\\App Relay", "SERVER\\App Relay"],
    ["[::1]:25", "[::1]:25"],
    ["a,b", '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ["=1+1", "'=1+1"],
    ["  @SUM(A1)", "'  @SUM(A1)"],
    ["＝cmd", "'＝cmd"],
    ["-2", "'-2"],
    ["+", "+"],
    ["-", "-"],
    ['=HYPERLINK("x,y")', `"'=HYPERLINK(""x,y"")"`],
    ["MAIL\r\n2026,forged", '"MAIL\\x0d\\x0a2026,forged"'],
    ["\t=1", "\\x09=1"],
    ["\x1b[31m\x00\u202e\u2028", "\\x1b[31m\\x00\\u{202e}\\u{2028}"],
    ["Grüße", "Grüße"],
    ["\ud800", "\\u{d800}"],
    ["", ""],
  ])("%j", (value, field) => {
    expect(csvField(value)).toBe(field);
  });

  it("cuts what is too long", () => {
    expect(csvField("x".repeat(20), 15)).toBe(`${"x".repeat(15)}... (5 more)`);
  });
});

it.each([
  [5_000, "0.00:00:05"],
  [25_639, "0.00:00:25.639"],
  [86_400_000 + 3_600_000, "1.01:00:00"],
])("%s ms is printed %s", (ms, text) => expect(formatLogSpan(ms)).toBe(text));

it("writes Exchange's RECV format", async () => {
  const data = await mkdtemp(join(tmpdir(), "weir-protocol-"));
  const clock = createFakeClock(Date.UTC(2026, 0, 15, 9, 0, 0));
  const directory = protocolLogDirectory(data, "receive");
  const log = openProtocolLog({ directory, direction: "receive", clock });
  const facts = {
    connectorId: "RELAY\\AppRelay",
    localEndpoint: "127.0.0.1:25",
    remoteEndpoint: "10.0.0.1:4711",
  };
  const one = log.session({ ...facts, sessionId: "08D072FC7C4ACF6A" });
  const two = log.session({ ...facts, sessionId: "08D072FC7C4ACF6B" });
  one.line("+", "");
  one.line("<", "RCPT TO:<x@y>");
  two.line("+", "");
  one.line("*", tarpitLine(5_000, "550 5.1.1 User unknown"));
  const ack = delayedAckLine(25_639, "Delivered");
  one.line("*", ack.data, ack.context);
  one.line("-", "", "Local");
  await log.close();

  const text = await readFile(join(directory, "RECV20260115-1.log"), "utf8");
  const lines = text.split("\r\n");
  expect(lines.slice(0, 5)).toEqual([
    "#Software: Weir",
    expect.stringMatching(/^#Version: \d/),
    "#Log-Type: SMTP Receive Protocol Log",
    "#Date: 2026-01-15T09:00:00.000Z",
    "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context",
  ]);
  const session = "2026-01-15T09:00:00.000Z,RELAY\\AppRelay,08D072FC7C4ACF6A";
  const ends = "127.0.0.1:25,10.0.0.1:4711";
  expect(lines.slice(5)).toEqual([
    `${session},0,${ends},+,,`,
    `${session},1,${ends},<,RCPT TO:<x@y>,`,
    `2026-01-15T09:00:00.000Z,RELAY\\AppRelay,08D072FC7C4ACF6B,0,${ends},+,,`,
    `${session},2,${ends},*,Tarpit for '0.00:00:05' due to '550 5.1.1 User unknown',`,
    `${session},3,${ends},*,Tarpit for '0.00:00:25.639' due to 'DelayedAck',Delivered`,
    `${session},4,${ends},-,,Local`,
    "",
  ]);
  await rm(data, { recursive: true });
});
