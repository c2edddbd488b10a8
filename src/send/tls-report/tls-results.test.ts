import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readPolicy } from "../../core/mta-sts/policy.ts";
import { keptOnDemand } from "../../spool/store/kept-on-demand.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createTlsCounter, type MetTls } from "./count-tls.ts";
import { listReports } from "./tls-reports.ts";
import { createTlsResults, daysKept } from "./tls-results.ts";

const directory = mkdtempSync(join(tmpdir(), "weir-tls-results-"));
afterAll(() => rmSync(directory, { recursive: true }));

const day = 86_400_000;
const reporter = { hostname: "relay.test", contact: "postmaster@relay.test" };
const met = (given: Partial<MetTls> = {}): MetTls => ({
  domain: "d.test",
  host: "mx.d.test",
  address: "192.0.2.2",
  localAddress: "192.0.2.1",
  outcomes: [{ policy: "no-policy-found", fault: undefined, detail: "" }],
  ...given,
});
const read = readPolicy("version: STSv1\nmode: testing\nmx: mx.d.test\nmax_age: 1");
const policy = read.kind === "policy" ? read.policy : undefined;

test("results are counted by day, policy and domain, are there after a restart, and go after their time", async () => {
  const clock = createFakeClock(Date.UTC(2026, 0, 15, 23, 59));
  const faults: unknown[] = [];
  const open = () => {
    const kept = keptOnDemand(directory);
    const results = createTlsResults(kept, clock, (fault) => faults.push(fault));
    return {
      results,
      counter: createTlsCounter(results, (domain) => (domain === "d.test" ? policy : undefined)),
      list: async (wanted = {}, limit = 100) =>
        (await listReports(results, reporter, wanted, limit)).reports.map(({ day: of, sent, report }) => [
          of.date,
          of.domain,
          sent,
          ...report.policies.map((one) => [
            one.policy["policy-type"],
            one.policy["policy-string"]?.[0] ?? "",
            ...Object.values(one.summary),
          ]),
        ]),
      async close() {
        await results.close();
        await kept.close();
      },
    };
  };
  let it = open();
  it.counter.connection(met());
  it.counter.connection(met({ domain: "" }));
  it.counter.connection(
    met({
      outcomes: [
        { policy: "tlsa", fault: undefined, detail: "" },
        { policy: "sts", fault: "certificate-not-trusted", detail: "self-signed" },
      ],
      tlsa: [{ usage: 3, selector: 1, matchingType: 1, data: Uint8Array.of(0xab, 1) }],
    }),
  );
  const first = [
    "2026-01-15",
    "d.test",
    false,
    ["no-policy-found", "", 1, 0],
    ["tlsa", "3 1 1 ab01", 1, 0],
    ["sts", "version: STSv1", 0, 1],
  ];
  expect(await it.list()).toEqual([first]);
  await clock.advance(60_000);
  it.counter.connection(met());
  it.counter.policyFault("e.test", "sts-policy-fetch-error", "no answer");
  await it.close();

  it = open();
  const second = ["2026-01-16", "d.test", false, ["no-policy-found", "", 1, 0]];
  const third = ["2026-01-16", "e.test", false, ["sts", "", 0, 1]];
  expect(await it.list()).toEqual([second, third, first]);
  expect(await it.list({ date: "2026-01-15" })).toEqual([first]);
  expect(await it.list({ domain: "e.test" })).toEqual([third]);
  expect(await it.list({}, 1)).toEqual([second]);
  expect(await it.results.beginReport({ date: "2026-01-15", domain: "d.test" })).toBe(true);
  await it.close();

  it = open();
  expect(await it.results.beginReport({ date: "2026-01-15", domain: "d.test" })).toBe(false);
  expect((await it.list({ date: "2026-01-15" }))[0]?.[2]).toBe(true);
  it.counter.connection(met());
  expect(await it.list({ date: "2026-01-16", domain: "d.test" })).toEqual([
    ["2026-01-16", "d.test", false, ["no-policy-found", "", 2, 0]],
  ]);
  await clock.advance(daysKept * day);
  it.counter.connection(met());
  await clock.advance(60_000);
  await expect.poll(async () => (await it.list()).length).toBe(3);
  expect((await it.list()).map(([date]) => date)).toEqual(["2026-01-30", "2026-01-16", "2026-01-16"]);
  expect(await it.results.reported("2026-01-15")).toEqual(new Set());
  await it.close();
  expect(faults).toEqual([]);
});
