import { expect, test } from "vitest";
import { onlySmtp, portOf, readMasterCf } from "./master-cf.ts";

test.each([
  ["smtp", 25],
  ["SMTP", 25],
  ["submission", 587],
  ["smtps", 465],
  ["submissions", 465],
  ["urd", 465],
  ["1", 1],
  ["65535", 65_535],
  ["0", undefined],
  ["65536", undefined],
  ["123456", undefined],
  ["http", undefined],
  ["", undefined],
])("the port of %j is %j", (name, port) => {
  expect(portOf(name)).toBe(port);
});

const smtp = {
  name: "smtp",
  host: undefined,
  port: 25,
  command: "smtpd",
  mostProcesses: undefined,
  overrides: {},
};

test.each<[string, string, object[]]>([
  ["smtpd", "smtp inet n - y - - smtpd", [smtp]],
  ["with its processes", "smtp inet n - y - 40 smtpd", [{ ...smtp, mostProcesses: 40 }]],
  [
    "postscreen, which has one for all",
    "smtp inet n - y - 1 postscreen",
    [{ ...smtp, command: "postscreen" }],
  ],
  ["no network", "smtpd pass - - y - - smtpd", []],
  ["another command", "smtp inet n - y - - qmqpd", []],
  ["a port that is not known", "foo inet n - y - - smtpd", []],
  [
    "an address",
    "127.0.0.1:10025 inet n - y - - smtpd",
    [{ ...smtp, name: "127.0.0.1:10025", host: "127.0.0.1", port: 10_025 }],
  ],
  ["one of IPv6", "[::1]:smtp inet n - y - - smtpd", [{ ...smtp, name: "[::1]:smtp", host: "::1" }]],
  ["an empty one", ":26 inet n - y - - smtpd", [{ ...smtp, name: ":26", port: 26 }]],
  [
    "options",
    "smtp inet n - y - - smtpd\n  -o a=b -oc=d\n  -o { e = f g }\n  -o h=",
    [{ ...smtp, overrides: { a: "b", c: "d", e: "f g", h: "" } }],
  ],
  [
    "several",
    "# comment\nsmtp inet n - y - - smtpd\npickup unix n - y 60 1 pickup\nsubmission inet n - y - - smtpd",
    [smtp, { ...smtp, name: "submission", port: 587 }],
  ],
])("%s", (_, text, services) => {
  const found = readMasterCf(text).map((each) => ({
    ...each,
    overrides: Object.fromEntries(each.overrides),
  }));
  expect(found).toEqual(services);
});

test("without master.cf there is smtpd on port 25", () => {
  expect(onlySmtp).toEqual(readMasterCf("smtp inet n - y - - smtpd"));
});
