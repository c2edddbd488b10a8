import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readPolicy } from "../../core/mta-sts/policy.ts";
import { keptOnDemand } from "../../spool/store/kept-on-demand.ts";
import type { KeptValues } from "../../spool/store/kept-values.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createTlsCounter, type MetTls } from "./count-tls.ts";
import { listReports } from "./tls-reports.ts";
import { createTlsResults, daysKept, type TlsResults } from "./tls-results.ts";

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

test("days of a clock that was ahead go with the next ones", async () => {
  const below = join(directory, "ahead");
  for (const at of [Date.UTC(2036, 0, 1), Date.UTC(2026, 0, 15)]) {
    const clock = createFakeClock(at);
    const kept = keptOnDemand(below);
    const results = createTlsResults(kept, clock, () => undefined);
    createTlsCounter(results, () => undefined).connection(met());
    await results.beginReport({ date: new Date(at).toISOString().slice(0, 10), domain: "d.test" });
    await results.close();
    await kept.close();
  }
  const kept = keptOnDemand(below);
  const results = createTlsResults(kept, createFakeClock(), () => undefined);
  expect((await results.all()).map(({ date }) => date)).toEqual(["2026-01-15"]);
  expect((await results.reported("2036-01-01")).size).toBe(0);
  expect((await results.reported("2026-01-15")).size).toBe(1);
  await kept.close();
});

test("a failure is counted with who met whom and why, a success with its policy alone", () => {
  const counted: [string, object][] = [];
  const results = { count: (domain: string, result: object) => void counted.push([domain, result]) };
  const counter = createTlsCounter(results as TlsResults, () => policy);
  counter.connection(
    met({
      outcomes: [
        { policy: "sts", fault: "certificate-expired", detail: "it has expired" },
        { policy: "tlsa", fault: undefined, detail: "" },
      ],
    }),
  );
  counter.policyFault("e.test", "sts-policy-invalid", "it is a page");
  expect(counted).toEqual([
    [
      "d.test",
      {
        policy: "sts",
        strings: policy?.lines,
        mx: ["mx.d.test"],
        failure: {
          fault: "certificate-expired",
          sendingIp: "192.0.2.1",
          host: "mx.d.test",
          receivingIp: "192.0.2.2",
          reason: "it has expired",
        },
      },
    ],
    ["d.test", { policy: "tlsa", strings: [], mx: [], failure: undefined }],
    [
      "e.test",
      {
        policy: "sts",
        strings: [],
        mx: [],
        failure: {
          fault: "sts-policy-invalid",
          sendingIp: "",
          host: "",
          receivingIp: "",
          reason: "it is a page",
        },
      },
    ],
  ]);
  const unknown: object[] = [];
  createTlsCounter(
    { count: (_: string, result: object) => void unknown.push(result) } as TlsResults,
    () => undefined,
  ).connection(met({ outcomes: [{ policy: "sts", fault: undefined, detail: "" }] }));
  expect(unknown).toMatchObject([{ strings: [], mx: [] }]);
});

describe("results and the disk", () => {
  /** In place of one that is opened when it is needed. */
  function keptInMemory(most?: number) {
    const disk = { isFull: false, writes: 0, values: new Map<string, Buffer>() };
    const values: KeptValues = {
      get: (key) => disk.values.get(key),
      keys: (prefix) => [...disk.values.keys()].filter((key) => key.startsWith(prefix)),
      write(written) {
        if (disk.isFull) return Promise.reject(new Error("ENOSPC"));
        disk.writes++;
        for (const { key, value } of written) {
          if (value === undefined) disk.values.delete(key);
          else disk.values.set(key, value);
        }
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
    const clock = createFakeClock(Date.UTC(2026, 0, 15, 12));
    const faults: string[] = [];
    const results = createTlsResults(
      { open: () => Promise.resolve(values), close: () => Promise.resolve() },
      clock,
      (fault) => faults.push(String(fault)),
      most,
    );
    return { disk, clock, faults, results };
  }
  const success = { policy: "no-policy-found", strings: [], mx: [], failure: undefined } as const;
  const counts = async (results: TlsResults, domain: string): Promise<unknown> =>
    (await results.of({ date: "2026-01-15", domain })).map(({ successes }) => successes);

  test("what it does not take is counted, told, and written with the next minute's", async () => {
    const { disk, clock, faults, results } = keptInMemory();
    disk.isFull = true;
    results.count("d.test", success);
    await clock.advance(60_000);
    results.count("d.test", success);
    expect([faults, await counts(results, "d.test")]).toEqual([["Error: ENOSPC"], [2]]);
    disk.isFull = false;
    await clock.advance(60_000);
    expect([disk.writes, disk.values.size, await counts(results, "d.test")]).toEqual([1, 1, [2]]);
    await results.close();
  });

  test("more domains in a minute than it is to hold are not counted, those that are known are", async () => {
    const { results } = keptInMemory(8);
    for (let n = 0; n < 8; n++) results.count(`${n}.test`, success);
    results.count("one-more.test", success);
    results.count("7.test", success);
    expect([await counts(results, "one-more.test"), await counts(results, "7.test")]).toEqual([[], [2]]);
  });

  test("days and domains are listed that are asked for, those that are not written yet as well", async () => {
    const { clock, results } = keptInMemory();
    results.count("b.test", success);
    results.count("a.test", success);
    await clock.advance(60_000);
    await clock.advance(day);
    results.count("a.test", success);
    const listed = async (wanted = {}) =>
      (await results.all(wanted)).map(({ date, domain }) => `${date} ${domain}`);
    expect(await listed()).toEqual(["2026-01-16 a.test", "2026-01-15 a.test", "2026-01-15 b.test"]);
    expect(await listed({ date: "2026-01-16" })).toEqual(["2026-01-16 a.test"]);
    expect(await listed({ date: "2026-01-15", domain: "b.test" })).toEqual(["2026-01-15 b.test"]);
    const some = await listReports(results, reporter, {}, 2);
    expect([some.reports.length, some.hasMore]).toEqual([2, true]);
    expect((await listReports(results, reporter, {}, 3)).hasMore).toBe(false);
    await results.close();
  });
});
