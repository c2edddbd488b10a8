import { describe, expect, test } from "vitest";
import { rawNeedle, textTests, trackingMatcher, type TrackingFilter } from "./filter.ts";
import type { TrackingRecord } from "./tracking-record.ts";

const record: TrackingRecord = {
  at: "2026-11-24T06:00:00.123Z",
  clientIp: "192.168.7.12",
  clientHostname: "app.test",
  serverHostname: "relay.test",
  sourceContext: "08DE1",
  connectorId: "relay.test\\AppRelay",
  source: "SMTP",
  eventId: "RECEIVE",
  internalMessageId: 7,
  messageId: "<1@App.test>",
  recipients: ["a@dest.test", "B@dest.test"],
  recipientStatus: "",
  totalBytes: 1234,
  recipientCount: 2,
  reference: "<report@relay>",
  messageSubject: "Invoice 7*",
  sender: "app@Sender.test",
  arrivedAt: "",
  originalClientIp: "10.0.0.1",
  latencyMs: 0,
};
const matches = (filter: Partial<TrackingFilter>): boolean =>
  trackingMatcher({ resultSize: 1, ...filter })(record);

test.each<[Partial<TrackingFilter>, boolean]>([
  [{}, true],
  [{ internalMessageId: 7 }, true],
  [{ internalMessageId: 8 }, false],
  [{ start: new Date("2026-11-24T06:00:00.123Z") }, true],
  [{ start: new Date("2026-11-24T06:00:00.124Z") }, false],
  [{ end: new Date("2026-11-24T06:00:00.123Z") }, false],
  [{ end: new Date("2026-11-24T06:00:00.124Z") }, true],
  [{ sender: "APP@sender.test" }, true],
  [{ sender: "app@sender" }, false],
  [{ sender: "" }, false],
  [{ recipients: ["b@DEST.test"] }, true],
  [{ recipients: ["c@dest.test", "a@dest.test"] }, true],
  [{ recipients: ["c@dest.test"] }, false],
  [{ recipients: [] }, false],
  [{ messageId: "1@app.test" }, true],
  [{ messageId: "<1@app.test>" }, true],
  [{ messageId: "1@app.test>" }, false],
  [{ messageId: "1*" }, true],
  [{ reference: "report@relay" }, true],
  [{ reference: "report" }, false],
  [{ eventIds: ["send", "receive"] }, true],
  [{ eventIds: ["send"] }, false],
  [{ source: "smtp" }, true],
  [{ source: "DSN" }, false],
  [{ connector: "apprelay" }, true],
  [{ connector: "relay.test\\AppRelay" }, true],
  [{ connector: "relay.test" }, false],
  [{ clientIp: "10.0.0.1" }, true],
  [{ clientIp: "192.168.7.12" }, true],
  [{ clientIp: "10.0.0.2" }, false],
  [{ messageSubject: "VOICE 7*" }, true],
  [{ messageSubject: "Invoice*7" }, false],
  [{ messageSubject: "" }, true],
  [{ sender: "app@sender.test", recipients: ["c@dest.test"] }, false],
])("%j fits: %s", (filter, fits) => {
  expect(matches(filter)).toBe(fits);
});

test.each([
  ["*", true],
  ["**", true],
  ["app@sender.test*", true],
  ["*app@sender.test", true],
  ["app*test", true],
  ["app*tes", false],
  ["a?p@sender.test", true],
  ["?app@sender.test", false],
  ["app@sender.test?", false],
  ["*?", true],
  ["?*@*.test", true],
  ["*ende*", true],
  ["*ende", false],
  ["*e*e*r*", true],
  ["*e*e*e*r*", false],
  ["*e*e*e*", true],
  ["*e*e*e*e*", false],
  ["a*a*", false],
  ["*t.t*t", false],
  ["*te*st", true],
  ["app@*p@sender.test", false],
  ["app@sender.tes?", true],
])("the wildcards %s", (sender, fits) => {
  expect(matches({ sender })).toBe(fits);
});

test.each<[Partial<TrackingFilter>, string | undefined]>([
  [{}, undefined],
  [{ internalMessageId: 7, sender: "someone@x" }, ",7,"],
  [{ sender: "app@sender.test" }, "app@sender.test"],
  [{ sender: "app@sender.test", messageId: "<long-id@sender.test>" }, "<long-id@sender.test>"],
  [{ sender: "größe@x.test" }, "e@x.test"],
  [{ sender: "*" }, undefined],
  [{ sender: "?a?" }, undefined],
  [{ sender: "ab*" }, "ab"],
  [{ sender: "" }, ",<>,"],
  [{ recipients: ["a@b.test"] }, "a@b.test"],
  [{ recipients: ["a@b.test", "c@b.test"] }, undefined],
  [{ messageSubject: "a*bcd" }, "bcd"],
  [{ messageSubject: "two words" }, "words"],
  [{ clientIp: "10.0.0.1" }, "10.0.0.1"],
  [{ connector: "AppRelay" }, "AppRelay"],
  [{ reference: "report@x" }, "report@x"],
  [{ eventIds: ["SEND"] }, ",SEND,"],
  [{ eventIds: ["SEND", "FAIL"] }, undefined],
  [{ eventIds: ["SEND", "FAIL"], source: "SMTP" }, ",SMTP,"],
  [{ source: "S*" }, undefined],
  [{ source: "S?TP" }, undefined],
])("lines for %j hold %j", (filter, needle) => {
  expect(rawNeedle({ resultSize: 1, ...filter })).toBe(needle);
});

describe("what a value that passes contains", () => {
  const needles = (filter: Partial<TrackingFilter>) =>
    textTests({ resultSize: 1, ...filter }).map(({ field, needles: texts }) => `${field} ${texts.join("|")}`);
  test.each<[Partial<TrackingFilter>, string[]]>([
    [{}, []],
    [{ sender: "App@x" }, ["sender \napp@x\n"]],
    [{ sender: "App*@xy" }, ["sender app"]],
    [{ sender: "a*@xy" }, ["sender @xy"]],
    [{ sender: "*" }, ["sender "]],
    [{ messageId: "1@A" }, ["messageId \n1@a\n|\n<1@a>\n"]],
    [{ recipients: ["a@b", "*"] }, ["recipients "]],
    [{ connector: "AppRelay" }, ["connectorId apprelay"]],
    [{ messageSubject: "Größe" }, ["messageSubject größe"]],
    [{ messageSubject: "" }, ["messageSubject "]],
    [
      { source: "SMTP", eventIds: ["SEND"], sender: "a@b", messageSubject: "x" },
      ["sender \na@b\n", "eventId \nsend\n", "source \nsmtp\n", "messageSubject x"],
    ],
  ])("%j", (filter, expected) => {
    expect(needles(filter)).toEqual(expected);
  });
});
