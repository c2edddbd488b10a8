/** What a connector makes of a domain's policy, what is told of it, and when it is looked at by itself. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { kept, type KeptPolicy } from "../../core/mta-sts/kept-policy.ts";
import { readPolicy, type MtaStsPolicy } from "../../core/mta-sts/policy.ts";
import type { MtaStsSetting, SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { KeptOnDemand } from "../../spool/store/kept-on-demand.ts";
import { zoneResolver, type ZoneResolver } from "../../testing/dns-zone.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { policyText } from "../../testing/policy-host.ts";
import { openMtaSts, type MtaSts } from "./open-mta-sts.ts";
import type { FetchedPolicy } from "./fetch-policy.ts";

const hour = 3_600_000;
let clock: FakeClock;
let resolver: ZoneResolver;
let told: [string, object][];
let faults: string[];
let fetched: FetchedPolicy;
let fetches: number;
let mtaSts: MtaSts;

const policyOf = (...lines: readonly string[]): MtaStsPolicy => {
  const read = readPolicy(policyText(...lines));
  if (read.kind === "invalid") throw new Error(read.reason);
  return read.policy;
};
const enforced = policyOf("mode: enforce", "mx: mx.d.test", "max_age: 604800");
const policy = (of: MtaStsPolicy): FetchedPolicy => ({ kind: "policy", policy: of });

beforeEach(() => {
  clock = createFakeClock();
  resolver = zoneResolver({ "_mta-sts.d.test TXT": ["v=STSv1; id=1;"] });
  [told, faults, fetches, fetched] = [[], [], 0, policy(enforced)];
  const stored = new Map<string, KeptPolicy>();
  mtaSts = openMtaSts({
    ports: {
      clock,
      resolver,
      random: () => 0,
      dns: { addresses: () => Promise.reject(new Error("not asked")) },
      dial: () => Promise.reject(new Error("nobody is there")),
    },
    events: { wants: () => true, emit: (name, fields) => void told.push([name, fields]) },
    kept: {} as KeptOnDemand,
    settings: () => ({
      sendConnectors: [] as readonly SendConnectorSettings[],
      transport: { mtaStsAllowPrivateHosts: false },
    }),
    onFault: (domain, fault, detail) => void faults.push(`${domain} ${fault} ${detail}`),
    shared: {
      store: () => ({
        get: (domain) => Promise.resolve(stored.get(domain)),
        peek: (domain) => stored.get(domain),
        set: (domain, one) => void stored.set(domain, one),
        settle: () => Promise.resolve(),
        close: () => Promise.resolve(),
      }),
      // Another node has fetched it.
      fetch(domain) {
        fetches++;
        if (fetched.kind === "policy") stored.set(domain, kept(fetched.policy, "1", clock.now()));
        return Promise.resolve(fetched);
      },
    },
  });
});
afterEach(() => mtaSts.stop());

describe("what counts for mail of a connector", () => {
  const factOf = async (domain: string, setting: MtaStsSetting) =>
    (await mtaSts.of(domain, { mtaSts: setting })).sts;

  test.each<[string, MtaStsPolicy, MtaStsSetting, object]>([
    ["a policy is enforced", enforced, "enforce", { mode: "enforce", mx: ["mx.d.test"] }],
    ["or looked at, as the connector has it", enforced, "testing", { mode: "testing", mx: ["mx.d.test"] }],
    [
      "one in testing never",
      policyOf("mode: testing", "mx: mx.d.test", "max_age: 604800"),
      "enforce",
      { mode: "testing" },
    ],
  ])("%s", async (_, of, setting, expected) => {
    fetched = policy(of);
    expect(await factOf("d.test", setting)).toMatchObject({ kind: "policy", ...expected });
  });

  test("nobody is asked where it is off, or for an address in brackets", async () => {
    for (const [domain, setting] of [
      ["d.test", "none"],
      ["[192.0.2.1]", "enforce"],
    ] as const)
      expect(await mtaSts.of(domain, { mtaSts: setting })).toEqual({
        sts: { kind: "none" },
        keepMs: Infinity,
      });
    expect([resolver.asked, fetches]).toEqual([[], 0]);
  });

  test("a domain without a policy has none, and one whose policy cannot be had is not known", async () => {
    expect(await factOf("other.test", "enforce")).toEqual({ kind: "none" });
    fetched = { kind: "failed", result: "sts-policy-invalid", reason: "it is a page" };
    expect(await factOf("d.test", "enforce")).toEqual({ kind: "unknown", detail: "it is a page" });
  });
});

describe("where this node fetches itself", () => {
  test("that it has no policy is told, and to reports", async () => {
    const own = openMtaSts({
      ports: {
        clock,
        resolver,
        random: () => 0,
        dns: { addresses: () => Promise.reject(new Error("not asked")) },
        dial: () => Promise.reject(new Error("nobody is there")),
      },
      events: { wants: () => true, emit: (name, fields) => void told.push([name, fields]) },
      kept: {
        open: () => Promise.reject(new Error("the disk fails")),
        close: () => Promise.resolve(),
      },
      settings: () => ({ sendConnectors: [], transport: { mtaStsAllowPrivateHosts: false } }),
      onFault: (domain, fault, detail) => void faults.push(`${domain} ${fault} ${detail}`),
    });
    resolver.zone["mta-sts.d.test A"] = ["10.0.0.1"];
    const { sts } = await own.of("d.test", { mtaSts: "enforce" });
    const reason = "mta-sts.d.test has no public address: 10.0.0.1 (see mtaStsAllowPrivateHosts)";
    expect(sts).toEqual({ kind: "unknown", detail: reason });
    expect(told).toContainEqual(["MtaStsPolicyFailed", { domain: "d.test", reason }]);
    expect(told).toContainEqual([
      "LogFault",
      { log: "store of MTA-STS policies", error: "Error: the disk fails" },
    ]);
    expect(faults).toEqual([`d.test sts-policy-fetch-error ${reason}`]);
    await own.close();
  });
});

test.each([
  ["the clock on the wall alone", false, { kind: "unknown" }],
  ["a time that is believed", true, { kind: "policy", mode: "enforce" }],
])("a start under a clock 40 days ahead: what is on disk ends by %s", async (_, isBelieved, expected) => {
  const leapMs = 40 * 24 * hour;
  const now = clock.now();
  const written = {
    text: enforced.lines.join("\n"),
    id: "1",
    fetchedAt: now - hour,
    until: now + 100 * hour,
  };
  const own = openMtaSts({
    ports: {
      clock: {
        ...clock,
        now: () => clock.now() + leapMs,
        wall: () => new Date(clock.now() + leapMs),
      },
      resolver,
      random: () => 0,
      dns: { addresses: () => Promise.reject(new Error("not asked")) },
      dial: () => Promise.reject(new Error("nobody is there")),
    },
    events: { wants: () => true, emit: (name, fields) => void told.push([name, fields]) },
    kept: {
      open: () =>
        Promise.resolve({
          get: () => Buffer.from(JSON.stringify(written)),
          keys: () => ["policy d.test"],
          write: () => Promise.resolve(),
          close: () => Promise.resolve(),
        }),
      close: () => Promise.resolve(),
    },
    settings: () => ({ sendConnectors: [], transport: { mtaStsAllowPrivateHosts: false } }),
    ...(isBelieved ? { agedBy: () => clock.now() } : {}),
    onFault: () => undefined,
  });
  expect((await own.of("d.test", { mtaSts: "enforce" })).sts).toMatchObject(expected);
  await own.close();
});

test("what is in use is looked at each hour as long as the relay runs, and fetched when it is due", async () => {
  mtaSts.start();
  await mtaSts.of("d.test", { mtaSts: "enforce" });
  // The first time it is asked for it is not known yet.
  await mtaSts.of("d.test", { mtaSts: "enforce" });
  expect(fetches).toBe(1);
  await clock.advance(23 * hour);
  expect(fetches).toBe(1);
  await clock.advance(hour);
  expect(fetches).toBe(2);
  await clock.advance(24 * hour);
  expect(fetches).toBe(3);
  mtaSts.stop();
  await clock.advance(48 * hour);
  expect([fetches, clock.pendingTimers]).toEqual([3, 0]);
});

test("Retry-Queue: a failure is forgotten, and DNS is asked anew", async () => {
  mtaSts.forget("d.test");
  expect(resolver.forgotten).toEqual(["_mta-sts.d.test"]);
});
