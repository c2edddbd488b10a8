/** TLS reports (RFC 8460): what is counted, their JSON, who wants them, and as mail. */
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import {
  merged,
  mostDetails,
  mostPolicies,
  withResult,
  type DayResults,
  type SessionResult,
} from "./day-results.ts";
import { reportFileName, reportMessage } from "./report-message.ts";
import { readReportTargets } from "./report-record.ts";
import { tlsReport } from "./report.ts";

const sts = { policy: "sts", strings: ["version: STSv1", "mode: testing"], mx: ["*.d.test"] } as const;
const none = { policy: "no-policy-found", strings: [], mx: [] } as const;
const fault = (reason: string, host = "mx.d.test") =>
  ({ fault: "certificate-expired", sendingIp: "192.0.2.1", host, receivingIp: "192.0.2.2", reason }) as const;
const count = (...results: readonly SessionResult[]): DayResults => results.reduce(withResult, []);

describe("a day", () => {
  test("counts each policy by itself, and failures that are alike together", () => {
    const day = count(
      { ...sts, failure: undefined },
      { ...sts, failure: fault("a") },
      { ...none, failure: undefined },
      { ...sts, failure: fault("a") },
      { ...sts, failure: fault("b") },
      { ...sts, strings: [...sts.strings, "max_age: 1"], failure: undefined },
    );
    expect(day.map(({ policy, successes, failures }) => [policy, successes, failures])).toEqual([
      ["sts", 1, 3],
      ["no-policy-found", 1, 0],
      ["sts", 1, 0],
    ]);
    expect(day[0]?.details.map(({ reason, sessions }) => [reason, sessions])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
  });

  test("is bounded, and its sums stay right", () => {
    const results = Array.from({ length: 500 }, (_, n): SessionResult => ({
      ...sts,
      strings: [`${n % 30}`],
      failure: fault(`${n}`.padEnd(1000, "x"), `mx${n}.d.test`),
    }));
    const day = count(...results);
    expect(day).toHaveLength(mostPolicies);
    expect(Math.max(...day.map(({ details }) => details.length))).toBe(mostDetails);
    expect(day.reduce((sum, { failures }) => sum + failures, 0)).toBe(500);
    expect(JSON.stringify(day).length).toBeLessThan(200_000);
  });

  test.each([
    ["as many characters as a policy may have", 4_096, 17],
    ["one more", 4_097, 16],
  ])("keeps whole lines: %s", (_, characters, lines) => {
    const strings = [...Array.from({ length: 16 }, () => "x".repeat(255)), "y".repeat(characters - 16 * 255)];
    const [met] = count({ policy: "sts", strings, mx: strings, failure: undefined });
    expect([met?.strings, met?.mx]).toEqual([strings.slice(0, lines), strings.slice(0, lines)]);
  });

  test("is bounded where lines of a policy, or records, are long", () => {
    const long = Array.from({ length: 100 }, (_, n) => `mx: ${n}`.padEnd(60_000, "x"));
    const [met] = count({ policy: "sts", strings: long, mx: long, failure: undefined });
    expect(JSON.stringify(met).length).toBeLessThan(10_000);
    expect(met?.strings[0]).toBe(long[0]?.slice(0, 255));
    // A line fewer is the same policy for all that is kept of it.
    expect(
      count(
        { policy: "sts", strings: long, mx: [], failure: undefined },
        { policy: "sts", strings: long.slice(0, 99), mx: [], failure: undefined },
      ),
    ).toHaveLength(1);
  });

  test("is the same in two parts as in one", () => {
    const results = ["a", "b", "a", "c"].map((reason): SessionResult => ({ ...sts, failure: fault(reason) }));
    expect(merged(count(...results.slice(0, 2)), count(...results.slice(2)))).toEqual(count(...results));
  });
});

const subject = {
  hostname: "relay.test",
  contact: "postmaster@relay.test",
  date: "2026-01-15",
  domain: "d.test",
};

test("the JSON of RFC 8460 §4.4", () => {
  const unreachable = {
    ...fault("no answer", ""),
    fault: "sts-policy-fetch-error",
    sendingIp: "",
    receivingIp: "",
  } as const;
  const day = count(
    { ...sts, failure: undefined },
    { ...sts, failure: fault("expired") },
    { ...none, failure: unreachable },
  );
  expect(tlsReport(subject, day)).toEqual({
    "organization-name": "relay.test",
    "date-range": { "start-datetime": "2026-01-15T00:00:00Z", "end-datetime": "2026-01-15T23:59:59Z" },
    "contact-info": "postmaster@relay.test",
    "report-id": "2026-01-15.d.test@relay.test",
    policies: [
      {
        policy: {
          "policy-type": "sts",
          "policy-string": ["version: STSv1", "mode: testing"],
          "policy-domain": "d.test",
          "mx-host": ["*.d.test"],
        },
        summary: { "total-successful-session-count": 1, "total-failure-session-count": 1 },
        "failure-details": [
          {
            "result-type": "certificate-expired",
            "sending-mta-ip": "192.0.2.1",
            "receiving-mx-hostname": "mx.d.test",
            "receiving-ip": "192.0.2.2",
            "failed-session-count": 1,
            "failure-reason-code": "expired",
          },
        ],
      },
      {
        policy: { "policy-type": "no-policy-found", "policy-domain": "d.test" },
        summary: { "total-successful-session-count": 0, "total-failure-session-count": 1 },
        "failure-details": [
          {
            "result-type": "sts-policy-fetch-error",
            "failed-session-count": 1,
            "failure-reason-code": "no answer",
          },
        ],
      },
    ],
  });
});

describe("who wants reports", () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ["by mail", ["v=TLSRPTv1; rua=mailto:r@d.test"], ["r@d.test"]],
    ["both ways", ["v=TLSRPTv1;rua=mailto:r@d.test , https://d.test/r;"], ["r@d.test", "https://d.test/r"]],
    ["beside others", ["v=spf1 -all", "v=TLSRPTv1; x=y; rua=mailto:r@d.test"], ["r@d.test"]],
    ["encoded, with a subject", ["v=TLSRPTv1; rua=mailto:r%2Bt@d.test?subject=x"], ["r+t@d.test"]],
    ["two records", ["v=TLSRPTv1; rua=mailto:r@d.test", "v=TLSRPTv1; rua=mailto:s@d.test"], []],
    ["another version", ["v=TLSRPTv2; rua=mailto:r@d.test"], []],
    ["no rua", ["v=TLSRPTv1;"], []],
    ["not in the clear", ["v=TLSRPTv1; rua=http://d.test/r,ftp://d.test"], []],
    [
      "at the port that is HTTPS's own",
      ["v=TLSRPTv1; rua=https://d.test:443/r?x=1"],
      ["https://d.test:443/r?x=1"],
    ],
    ["at another port", ["v=TLSRPTv1; rua=https://d.test:25/r,https://d.test:8443/"], []],
    [
      "with a name and a password",
      ["v=TLSRPTv1; rua=https://user:pw@d.test/r,https://d.test:443@e.test/"],
      [],
    ],
    [
      "what parsers read differently",
      ["v=TLSRPTv1; rua=https://d.test\\@e.test/,https:///d.test/r,https://d.test#@e.test/"],
      [],
    ],
    ["what would end a header's line", ["v=TLSRPTv1; rua=mailto:r@d.test%0d%0aBcc:x@y.test"], []],
    ["what would be two addresses", ["v=TLSRPTv1; rua=mailto:a%3E%2C%3Cb@d.test"], []],
    ["a bad percent", ["v=TLSRPTv1; rua=mailto:%zz@d.test"], []],
  ])("%s", (_, texts, expected) => {
    const targets = readReportTargets(texts);
    expect(targets.map((one) => (one.kind === "mailto" ? one.address : one.url))).toEqual(expected);
  });
});

test("as mail (RFC 8460 §5.3)", () => {
  const compressed = gzipSync(JSON.stringify(tlsReport(subject, count({ ...sts, failure: undefined }))));
  const text = reportMessage({
    subject,
    from: "postmaster@relay.test",
    to: "r@d.test",
    date: new Date("2026-01-16T01:02:03Z"),
    compressed,
  }).toString("latin1");
  const [header = ""] = text.split("\r\n\r\n");
  expect(header.split("\r\n")).toEqual(
    expect.arrayContaining([
      "To: <r@d.test>",
      "TLS-Report-Domain: d.test",
      "TLS-Report-Submitter: relay.test",
      "TLS-Required: No",
      'Content-Type: multipart/report; report-type="tlsrpt";',
    ]),
  );
  expect(header.replaceAll("\r\n ", " ")).toContain(
    "Subject: Report Domain: d.test Submitter: relay.test Report-ID: <2026-01-15.d.test@relay.test>",
  );
  const [, base64 = ""] = /tlsrpt\+gzip[^]*?\r\n\r\n([^]*?)\r\n\r\n--/.exec(text) ?? [];
  expect(JSON.parse(gunzipSync(Buffer.from(base64, "base64")).toString())).toMatchObject({
    policies: [{ policy: { "policy-domain": "d.test" } }],
  });
  expect(text).toContain(reportFileName(subject));
  expect(reportFileName(subject)).toBe("relay.test!d.test!1768435200!1768521599.json.gz");
  expect(Math.max(...text.split("\r\n").map((line) => line.length))).toBeLessThanOrEqual(78);
});
