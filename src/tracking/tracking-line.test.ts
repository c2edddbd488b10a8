import { describe, expect, test } from "vitest";
import { parseTrackingLine, trackingFields, trackingHeader, trackingLine } from "./tracking-line.ts";
import type { TrackingRecord } from "./tracking-record.ts";

const usual: TrackingRecord = {
  at: "2026-11-24T06:00:00.123Z",
  clientIp: "192.168.7.12",
  clientHostname: "app.test",
  serverHostname: "relay.test",
  sourceContext: "08DE1",
  connectorId: "relay.test\\AppRelay",
  source: "SMTP",
  eventId: "RECEIVE",
  internalMessageId: 888_888_888_888,
  messageId: "<1@app.test>",
  recipients: ["a@dest.test", "b@dest.test"],
  recipientStatus: "",
  totalBytes: 1234,
  recipientCount: 2,
  reference: "",
  messageSubject: "Invoice 7",
  sender: "app@sender.test",
  arrivedAt: "",
  originalClientIp: "192.168.7.12",
  latencyMs: 0,
};

describe("a line", () => {
  test("has Exchange's fields", () => {
    const line = trackingLine(usual);
    expect(line).toMatch(
      /^2026-11-24T06:00:00\.123Z,192\.168\.7\.12,app\.test,,relay\.test,08DE1,relay\.test\\AppRelay,SMTP,RECEIVE,888888888888,<1@app\.test>,,a@dest\.test;b@dest\.test,,1234,2,,,Invoice 7,app@sender\.test,app@sender\.test,,,,192\.168\.7\.12,,S:LatencyMs=0,Email,,[\d.]+\r\n$/,
    );
    expect(line.split(",")).toHaveLength(trackingFields.split(",").length);
    expect(trackingHeader(new Date(0))).toMatch(
      /^#Software: Weir\r\n#Version: [\d.]+\r\n#Log-Type: Message Tracking Log\r\n#Date: 1970-01-01T00:00:00\.000Z\r\n#Fields: date-time,.*,schema-version\r\n$/,
    );
  });

  test.each<[string, Partial<TrackingRecord>]>([
    ["as usual", {}],
    ["commas and quotes", { messageSubject: 'a, "b", c', clientHostname: '"' }],
    ["formulas", { messageSubject: "=HYPERLINK(1)", sender: "+a@b.test", recipients: ["-x@d.test"] }],
    ["a formula with a comma", { messageSubject: "@SUM(1,2)" }],
    [
      "semicolons",
      { recipients: ['"a;b"@d.test', "c@d.test"], recipientStatus: "550 4.4.7 QUEUE.Expired; gone" },
    ],
    ["the null reverse-path", { sender: "" }],
    ["no recipients", { recipients: [] }],
    ["one recipient with a semicolon", { recipients: ['"a;b"@d.test'] }],
    ["how it was secured", { tls: "dane", latencyMs: 1_234 }],
    ["other letters", { messageSubject: "Größe 漢字", latencyMs: 17, arrivedAt: "2026-11-24T05:59:00.000Z" }],
  ])("with %s comes back as it was", (_, changes) => {
    const line = trackingLine({ ...usual, ...changes });
    expect(parseTrackingLine(line.trimEnd())).toEqual({ ...usual, ...changes });
  });

  test("cannot be forged by line ends", () => {
    const line = trackingLine({ ...usual, messageSubject: "a\r\n2026-11-24T06:00:00.123Z,1" });
    expect(line.trimEnd()).not.toMatch(/[\r\n]/);
    expect(parseTrackingLine(line.trimEnd())?.messageSubject).toBe("a\\x0d\\x0a2026-11-24T06:00:00.123Z,1");
  });

  test("that begins with a formula sign is quoted off", () => {
    expect(trackingLine({ ...usual, messageSubject: "=1+1" })).toContain(",'=1+1,");
  });

  test.each([
    "",
    "#Fields: a",
    "1,2,3",
    '"',
    trackingLine(usual).replace("RECEIVE", "NOTHING"),
    trackingLine(usual).replace("2026-11-24", "2026-13-24"),
    trackingLine(usual).replace("2026-11-24", "26-11-24"),
    trackingLine(usual).replace(",888888888888,", ",8x,"),
    trackingLine(usual).replace(",888888888888,", ",,"),
    trackingLine(usual).replace(",SMTP,", ",UUCP,"),
    `#${trackingLine(usual)}`,
    trackingLine(usual).replace("Invoice 7", '"Invoice 7'),
  ])("%j is no entry", (text) => expect(parseTrackingLine(text)).toBeUndefined());
});

test.each<[string, Partial<TrackingRecord>]>([
  ["another's data", { latencyMs: 0 }],
  ["another's data;S:Tls=sts", { latencyMs: 0, tls: "sts" }],
])("of %s in custom-data only what is known is read", (custom, expected) => {
  const line = trackingLine(usual).trimEnd().replace("S:LatencyMs=0", custom);
  expect(parseTrackingLine(line)).toEqual({ ...usual, ...expected });
});

test("a quoted field that ends the line", () => {
  const line = trackingLine(usual).trimEnd();
  const cut = line.lastIndexOf(",");
  expect(parseTrackingLine(`${line.slice(0, cut)},"1,0"`)).toEqual(usual);
  expect(parseTrackingLine(`${line.slice(0, cut)},"1,0`)).toBeUndefined();
});

test.each([
  ["a field less", (line: string) => line.slice(0, line.lastIndexOf(","))],
  ["a field more", (line: string) => `${line},1`],
  ["the mark of a line of the header", (line: string) => `#${line}`],
])("what has %s is no entry", (_, spoil) => {
  const line = trackingLine(usual).trimEnd();
  expect(parseTrackingLine(line)).toBeDefined();
  expect(parseTrackingLine(spoil(line))).toBeUndefined();
});
