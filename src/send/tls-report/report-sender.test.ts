/** Reports to domains that ask for them: when, to whom, once, and what happens where nobody takes them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { headerFields } from "../../core/dkim/header-fields.ts";
import type { TlsReport } from "../../core/tls-report/report.ts";
import { HttpFailure, type OutgoingRequest } from "../../ports/http-request.ts";
import { submissionQueue, type Spool } from "../../spool/spool.ts";
import { keptOnDemand, type KeptOnDemand } from "../../spool/store/kept-on-demand.ts";
import { zoneResolver, type ZoneResolver } from "../../testing/dns-zone.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { createMemorySpool } from "../../testing/memory-spool.ts";
import { readContent } from "../../testing/spool-messages.ts";
import { publicHttpRequest } from "./public-hosts.ts";
import { createReportSender, type ReportSender } from "./report-sender.ts";
import { createTlsResults, type TlsResults } from "./tls-results.ts";
import { createWaitingReports } from "./waiting-reports.ts";

const minute = 60_000;
const hour = 60 * minute;
const success = { policy: "no-policy-found", strings: [], mx: [], failure: undefined } as const;

let directory: string;
let clock: FakeClock;
let resolver: ZoneResolver;
let spool: Spool;
let kept: KeptOnDemand;
let results: TlsResults;
let sender: ReportSender;
let tlsReportingEnabled: boolean;
let isFull: boolean;
let posted: OutgoingRequest[];
let answer: () => Promise<number>;
let told: string[];

function open(): void {
  kept = keptOnDemand(directory);
  results = createTlsResults(kept, clock, (fault) => told.push(String(fault)));
  sender = createReportSender({
    results,
    waiting: createWaitingReports(kept, clock),
    settings: () => ({
      hostname: "relay.test",
      contact: "postmaster@relay.test",
      from: "postmaster@relay.test",
      tlsReportingEnabled,
    }),
    resolver,
    clock,
    spool: {
      begin: () => spool.begin(),
      accept: (...given) => (isFull ? Promise.reject(new Error("the disk is full")) : spool.accept(...given)),
    },
    async post(request) {
      posted.push(request);
      return { status: await answer(), headers: {}, body: Buffer.alloc(0) };
    },
    events: {
      wants: () => true,
      emit: (name, fields) => void told.push(`${name} ${JSON.stringify(fields)}`),
    },
  });
}
const close = async (): Promise<void> => {
  sender.stop();
  await results.close();
  await kept.close();
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "weir-tls-reports-"));
  clock = createFakeClock(Date.UTC(2026, 0, 15, 12));
  spool = createMemorySpool({ clock });
  resolver = zoneResolver({
    "_smtp._tls.mail.test TXT": ["v=TLSRPTv1; rua=mailto:reports@mail.test"],
    "_smtp._tls.web.test TXT": ["v=TLSRPTv1; rua=https://web.test/reports"],
  });
  tlsReportingEnabled = true;
  isFull = false;
  posted = [];
  told = [];
  answer = () => Promise.resolve(201);
  open();
  for (const domain of ["mail.test", "web.test", "none.test"]) results.count(domain, success);
});
afterEach(async () => {
  await close();
  rmSync(directory, { recursive: true });
});

/** To the given hour of the next day; what became due meanwhile is sent. */
async function at(hours: number): Promise<void> {
  await clock.advance(Date.UTC(2026, 0, 16) + hours * hour - clock.now());
  await sender.sendDue();
}
const mails = async () => (await spool.claim(submissionQueue, 10, clock.now())).map(({ message }) => message);

describe("a domain that asks for reports", () => {
  test("gets that of the day before, in the first hours, by mail or by HTTPS, once, also over a restart", async () => {
    await at(0.2);
    expect([spool.size, posted.length]).toEqual([0, 0]);
    await at(4);
    const [claim] = await spool.claim(submissionQueue, 10, clock.now());
    expect(claim?.message).toMatchObject({
      envelope: { reversePath: "", recipients: [{ forwardPath: "reports@mail.test" }], tls: "optional" },
      content: { messageId: "<2026-01-15.mail.test@relay.test>" },
    });
    const octets = await readContent(claim!.content);
    expect(headerFields(octets).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["From", "TLS-Report-Domain", "TLS-Report-Submitter", "TLS-Required"]),
    );
    expect(posted).toMatchObject([
      {
        method: "POST",
        url: "https://web.test/reports",
        headers: { "content-type": "application/tlsrpt+gzip" },
      },
    ]);
    const report = JSON.parse(gunzipSync(posted[0]?.body as Buffer).toString()) as TlsReport;
    expect(report).toMatchObject({
      "date-range": { "start-datetime": "2026-01-15T00:00:00Z" },
      policies: [{ summary: { "total-successful-session-count": 1 } }],
    });
    expect(told.filter((line) => line.startsWith("TlsReportSent"))).toHaveLength(2);
    expect(resolver.asked).toContain("_smtp._tls.none.test TXT");

    await close();
    open();
    await at(5);
    expect([spool.size, posted.length]).toEqual([1, 1]);
  });

  test("gets none while that is off, and none of a day that is long over", async () => {
    tlsReportingEnabled = false;
    await at(4);
    expect([spool.size, resolver.asked]).toEqual([0, []]);
    tlsReportingEnabled = true;
    await at(24 + 5);
    expect([spool.size, posted.length]).toEqual([0, 0]);
  });

  test("gets none of a day on which nobody wrote to it, though its policy could not be had", async () => {
    const fault = { fault: "sts-policy-fetch-error", reason: "", sendingIp: "", receivingIp: "" } as const;
    const counted = (domain: string, host: string): void =>
      results.count(domain, { policy: "sts", strings: [], mx: [], failure: { ...fault, host } });
    resolver.zone = {
      "_smtp._tls.quiet.test TXT": ["v=TLSRPTv1; rua=https://quiet.test/reports"],
      "_smtp._tls.barred.test TXT": ["v=TLSRPTv1; rua=https://barred.test/reports"],
    };
    counted("quiet.test", "");
    counted("barred.test", "mx.barred.test");
    await at(4);
    expect(posted.map(({ url }) => url)).toEqual(["https://barred.test/reports"]);
  });

  test("gets it by the clock", async () => {
    sender.start();
    await clock.advance(16 * hour);
    const sent = async (): Promise<number[]> => {
      await clock.advance(5 * minute);
      return [spool.size, posted.length];
    };
    await expect.poll(sent).toEqual([1, 1]);
  });
});

test("results of a domain that cannot be read hold up neither another's report nor what is counted next", async () => {
  await clock.advance(minute);
  const values = await kept.open();
  await values.write([{ key: "result 2026-01-15 mail.test", value: Buffer.from('[{"polic') }]);
  results.count("mail.test", success);
  results.count("web.test", success);
  await at(4);
  expect(
    told.filter((line) => line.includes("what was counted of 2026-01-15 mail.test is damaged")),
  ).toHaveLength(1);
  expect([(await mails()).length, posted.length]).toEqual([1, 1]);
  expect(await results.of({ date: "2026-01-15", domain: "web.test" })).toMatchObject([{ successes: 2 }]);
});

test("where the report to a domain cannot be made, the others get theirs, and that is told", async () => {
  vi.spyOn(results, "beginReport").mockImplementationOnce(() => Promise.reject(new Error("no such page")));
  await at(4);
  expect([spool.size, posted.length]).toEqual([0, 1]);
  expect(told.filter((line) => !line.startsWith("TlsReportSent"))).toContainEqual(
    expect.stringMatching(/^RelayFault .*mail\.test: Error: no such page/),
  );
});

describe("a target that takes nothing", () => {
  beforeEach(() => void delete resolver.zone["_smtp._tls.mail.test TXT"]);

  test("is tried again for a day, and given up (RFC 8460 §5.5)", async () => {
    answer = () => Promise.resolve(503);
    const each5Minutes = async (from: number, to: number): Promise<void> => {
      for (let n = from * 12; n < to * 12; n++) await at(n / 12);
    };
    await each5Minutes(4, 5);
    expect(posted).toHaveLength(12);
    await each5Minutes(5, 27);
    expect(posted).toHaveLength(12 + 22);
    expect(told).toEqual([]);
    await each5Minutes(27, 33);
    expect(told).toEqual([expect.stringMatching(/^TlsReportFailed .*it answered 503/)]);
    expect(posted).toHaveLength(12 + 24);
  });

  test("gets it when it is up again hours later", async () => {
    answer = () => Promise.resolve(503);
    await at(4);
    answer = () => Promise.resolve(201);
    await at(16);
    expect(told).toEqual([expect.stringMatching(/^TlsReportSent/)]);
  });

  test("gets it when it is up again behind a restart of the relay, once, and not a day later", async () => {
    answer = () => Promise.resolve(503);
    await at(4);
    await close();
    open();
    await at(9);
    answer = () => Promise.resolve(201);
    for (const hours of [10, 11]) {
      await close();
      open();
      await at(hours);
    }
    expect(posted).toHaveLength(3);
    expect(told).toEqual([expect.stringMatching(/^TlsReportSent .*web\.test.*2026-01-15/)]);
  });

  test("is given up when the relay comes back after more than a day", async () => {
    answer = () => Promise.resolve(503);
    await at(4);
    await close();
    open();
    await at(24 + 6);
    expect(told).toEqual([expect.stringMatching(/^TlsReportFailed .*2026-01-15.*it answered 503/)]);
    await close();
    open();
    await at(24 + 8);
    expect(told).toHaveLength(1);
  });

  test("gets none again that the relay was sending when it was killed", async () => {
    answer = () => Promise.resolve(503);
    await at(4);
    answer = () => new Promise(() => {});
    await clock.advance(hour);
    void sender.sendDue();
    await expect.poll(() => posted.length).toBe(2);
    await close();
    open();
    await at(9);
    expect(posted).toHaveLength(2);
  });

  test("is not tried again where it may have taken it", async () => {
    answer = () => Promise.reject(new HttpFailure("no answer within 60 s", { reached: true, sent: true }));
    await at(4);
    await at(5);
    expect(posted).toHaveLength(1);
    expect(told).toEqual([expect.stringMatching(/^TlsReportFailed/)]);
  });

  test("the spool: it is sent once there is room", async () => {
    resolver.zone = { "_smtp._tls.mail.test TXT": ["v=TLSRPTv1; rua=mailto:reports@mail.test"] };
    isFull = true;
    await at(4);
    expect(spool.size).toBe(0);
    isFull = false;
    await at(5);
    expect((await mails()).length).toBe(1);
  });
});

test.each([
  ["https://127.0.0.1/r", "is no public address"],
  ["https://[::1]/r", "is no public address"],
  ["https://private.test/r", "has no public address"],
  ["https://nowhere.test/r", "has no address"],
  ["https://93.184.216.35/r", "is no public address"],
  ["https://ourselves.test/r", "has no public address"],
])("%s is not connected to: it %s", async (url, error) => {
  const dns = zoneResolver({ "private.test A": ["10.0.0.1"], "ourselves.test A": ["93.184.216.35"] });
  const post = publicHttpRequest(
    dns,
    clock,
    () => false,
    (address) => address === "93.184.216.35",
  );
  await expect(
    post({ method: "POST", url, headers: {}, body: "", timeoutMs: 1000, mostBytes: 10 }),
  ).rejects.toThrow(error);
});
