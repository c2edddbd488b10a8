/** A provider's carrier without its connections: whose mail waits, for how long, and in which pool the rest goes. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Hold } from "../../../core/policy/reply-policy.ts";
import type { SmtpSendConnector } from "../../../core/policy/send-connector.ts";
import { createFakeClock, type FakeClock } from "../../../testing/fake-clock.ts";
import { testClaim } from "../../../testing/test-claim.ts";
import { smartHostConnector } from "../../../testing/test-settings.ts";
import { mostTurnsWaiting } from "../../budget/send-turns.ts";
import type { TokenSource } from "../../oauth/token-source.ts";
import type { CarriedTurns } from "../carried-turns.ts";
import type { Carrier } from "../delivery.ts";
import type { Job, JobResult } from "./job/job.ts";
import type { ConnectionPool } from "./pool/connection-pool.ts";
import { createProviderCarrier } from "./provider-carrier.ts";
import type { ReplyReading } from "./wire/reply-reading.ts";

const verdict = { status: "4.7.0", text: "450 4.7.0 later", fromPeer: true };
const hold = (scope: Hold["scope"], retryAfterMs = 60_000): Hold => ({
  kind: "hold",
  scope,
  retryAfterMs,
  advice: "",
  tellFrom: 1,
});

interface TestPool {
  readonly mailbox: string | undefined;
  readonly jobs: Job[];
  isUnused: boolean;
}

let clock: FakeClock;
let told: [string, object][];
let did: string[];
let pools: TestPool[];
let replies: ReplyReading;
let answer: JobResult;
/** Jobs are answered by the test. */
let isSlow: boolean;

beforeEach(() => {
  clock = createFakeClock(0);
  [told, did, pools, isSlow] = [[], [], [], false];
  answer = { kind: "attempted", host: "smtp.test", outcomes: [] };
});

const tokens = { retryNow: () => void did.push("tokens: retryNow") } as TokenSource;
const turns: CarriedTurns = {
  carry: (_, mailbox, attempt) => {
    did.push(`turn of ${mailbox}`);
    return attempt();
  },
  size: 3,
  text: "3 messages wait",
  emptyAt: 500,
  recall: (id) => did.push(`recall ${id}`) > 0,
  gone: (id) => void did.push(`gone ${id}`),
  retryNow: () => void did.push("turns: retryNow"),
  close: () => void did.push("turns: close"),
};

function carrierOf(
  given: {
    readonly connector?: Partial<SmtpSendConnector>;
    readonly tokens?: TokenSource;
    readonly turns?: CarriedTurns;
  } = {},
): Carrier {
  const system = { dns: { addresses: () => Promise.resolve([]) }, dial: () => new Promise<never>(() => {}) };
  return createProviderCarrier({
    connector: smartHostConnector(587, given.connector),
    ports: { ...system, clock, random: () => 0.25 },
    events: { wants: () => true, emit: (name, fields) => void told.push([name, fields]) },
    tokens: given.tokens,
    signer: undefined,
    turns: given.turns,
    claimsPerPool: 6,
    newPool(logOn, own) {
      replies = own;
      const pool: TestPool = { mailbox: logOn?.mailbox, jobs: [], isUnused: false };
      pools.push(pool);
      return {
        submit(job: Job) {
          pool.jobs.push(job);
          if (!isSlow) job.resolve(answer);
        },
        narrow: () => void did.push(`narrow ${pool.mailbox}`),
        get isUnused() {
          return pool.isUnused;
        },
        close: (graceMs: number) => Promise.resolve(void did.push(`close ${pool.mailbox} ${graceMs}`)),
      } as unknown as ConnectionPool;
    },
  });
}
const from = (reversePath: string) => testClaim({ envelope: { reversePath } });

describe("mail goes over the connections", () => {
  test("of its sender's mailbox, where one logs on by token", async () => {
    const carrier = carrierOf({ tokens, connector: { senderMailboxes: { "*@b.test": "shared@b.test" } } });
    for (const sender of ["a@a.test", "x@b.test", "y@b.test", "a@a.test"]) await carrier.carry(from(sender));
    expect(pools.map(({ mailbox, jobs }) => [mailbox, jobs.length])).toEqual([
      ["a@a.test", 2],
      ["shared@b.test", 2],
    ]);
    expect(carrier.concurrency).toBe(6 * 16);
  });

  test("of all together, where one logs on with a password or not at all", async () => {
    const carrier = carrierOf();
    for (const sender of ["a@a.test", "b@b.test", ""]) await carrier.carry(from(sender));
    expect(pools.map(({ mailbox, jobs }) => [mailbox, jobs.length])).toEqual([[undefined, 3]]);
    expect([carrier.concurrency, carrierOf({ turns }).concurrency]).toEqual([6, 6 + mostTurnsWaiting]);
  });

  test("of nobody, where no mailbox is named for the null reverse-path", async () => {
    const claim = from("");
    expect(await carrierOf({ tokens }).carry(claim)).toMatchObject({
      kind: "attempted",
      host: "127.0.0.1",
      outcomes: [{ kind: "permanent", index: 0, verdict: { status: "5.7.8" } }],
    });
    expect(pools).toEqual([]);
    const named = carrierOf({ tokens, connector: { senderMailboxes: { "<>": "bounces@a.test" } } });
    await named.carry(claim);
    expect(pools.map(({ mailbox }) => mailbox)).toEqual(["bounces@a.test"]);
  });

  test("of a hundred mailboxes; those that nobody uses are closed then", async () => {
    const carrier = carrierOf({ tokens });
    for (let n = 0; n < 100; n++) await carrier.carry(from(`${n}@a.test`));
    for (const pool of pools.slice(0, 3)) pool.isUnused = true;
    await carrier.carry(from("0@a.test"));
    expect([did, pools.length]).toEqual([[], 100]);
    await carrier.carry(from("new@a.test"));
    expect(did).toEqual(["close 0@a.test 0", "close 1@a.test 0", "close 2@a.test 0"]);
    did = [];
    await carrier.close(5_000);
    expect([did.length, did[0]]).toEqual([98, "close 3@a.test 5000"]);
  });
});

describe("what a reply means", () => {
  beforeEach(async () => void (await carrierOf({ tokens }).carry(from("a@a.test"))));

  test("it holds the sender's mail", () => {
    expect(replies.apply(hold("mailbox"), "a@a.test", verdict, "smtp.test")).toBe(60_000);
    expect(told).toMatchObject([["SenderHeld", { connector: "Out", who: "a@a.test", host: "smtp.test" }]]);
  });

  test.each([
    [true, ["narrow a@a.test"]],
    [false, []],
  ])("it slows it down, with fewer connections: %s", (fewerConnections, expected) => {
    const throttle = { kind: "throttle", retryAfterMs: [1_000, 9_000], fewerConnections } as const;
    expect(replies.apply(throttle, "a@a.test", verdict, "smtp.test")).toBe(3_000);
    expect(did).toEqual(expected);
    expect(told).toEqual([
      ["SenderThrottled", { connector: "Out", who: "a@a.test", host: "smtp.test", error: verdict.text }],
    ]);
  });

  test("who may not send so is named, and as whom one logged on", async () => {
    const named = (): string => replies.naming(verdict, "a@a.test").text;
    expect(named()).toBe("450 4.7.0 later (sender <a@a.test>, logged on as a@a.test)");
    const authenticationCredential = { userName: "relay@a.test", password: "x" };
    await carrierOf({ connector: { authenticationCredential } }).carry(from("a@a.test"));
    expect(named()).toBe("450 4.7.0 later (sender <a@a.test>, logged on as relay@a.test)");
    await carrierOf().carry(from("a@a.test"));
    expect(named()).toBe("450 4.7.0 later (sender <a@a.test>)");
  });
});

describe("mail that is held", () => {
  test("waits with its sender's, and others' goes on", async () => {
    const carrier = carrierOf({ tokens });
    await carrier.carry(from("a@a.test"));
    replies.apply(hold("mailbox"), "a@a.test", verdict, "smtp.test");
    await clock.advance(20_000);
    expect(await carrier.carry(from("a@a.test"))).toEqual({
      kind: "throttled",
      host: "smtp.test",
      verdict,
      retryAfterMs: 40_000,
      heldSince: 0,
    });
    await carrier.carry(from("b@a.test"));
    expect(pools.map(({ jobs }) => jobs.length)).toEqual([1, 1]);
    expect(carrier.holds?.()).toMatchObject([{ mailbox: "a@a.test", until: 60_000 }]);
    expect(carrier.holding?.()).toMatch(/^mail of a@a\.test waits/);
  });

  test("is the queue's where it is everybody's", async () => {
    const carrier = carrierOf();
    await carrier.carry(from("a@a.test"));
    replies.apply(hold("queue"), "a@a.test", verdict, "smtp.test");
    expect(await carrier.carry(from("b@a.test"))).toEqual({
      kind: "unreachable",
      host: "smtp.test",
      verdict,
      retryAfterMs: 60_000,
    });
  });

  test("was on its way when the hold began: it says since when", async () => {
    const carrier = carrierOf({ tokens });
    await carrier.carry(from("a@a.test"));
    await clock.advance(5_000);
    isSlow = true;
    const carried = carrier.carry(from("a@a.test"));
    replies.apply(hold("mailbox"), "a@a.test", verdict, "smtp.test");
    pools[0]?.jobs.at(-1)?.resolve(answer);
    expect(await carried).toEqual({ ...answer, heldSince: 5_000 });
  });

  test.each([
    ["mailbox", { kind: "throttled", heldSince: 0 }],
    ["queue", { kind: "unreachable" }],
  ] as const)("because nobody could log on, for a %s", async (scope, expected) => {
    const carrier = carrierOf({ tokens });
    answer = { kind: "unreachable", host: "smtp.test", verdict, hold: hold(scope, 30_000) };
    expect(await carrier.carry(from("a@a.test"))).toMatchObject({
      ...expected,
      host: "smtp.test",
      verdict,
      retryAfterMs: 30_000,
    });
    expect(carrier.holds?.()).toHaveLength(1);
    answer = { kind: "unreachable", host: "smtp.test", verdict };
    expect(await carrier.carry(from("b@a.test"))).toMatchObject({ kind: "unreachable" });
  });

  test("goes when a message of its sender was taken behind the hold", async () => {
    const carrier = carrierOf({ tokens });
    await carrier.carry(from("a@a.test"));
    replies.apply(hold("mailbox"), "a@a.test", verdict, "smtp.test");
    await clock.advance(60_000);
    replies.delivered("a@a.test");
    expect(told.map(([name]) => name)).toEqual(["SenderHeld", "SenderReleased"]);
  });
});

describe("turns by a budget", () => {
  test("are waited for by mailbox, not by mail that is held already", async () => {
    const carrier = carrierOf({ tokens, turns });
    await carrier.carry(from("a@a.test"));
    replies.apply(hold("mailbox"), "a@a.test", verdict, "smtp.test");
    await carrier.carry(from("a@a.test"));
    expect(did).toEqual(["turn of a@a.test"]);
  });

  test("are shown, taken back and ended as the budget has it", async () => {
    const carrier = carrierOf({ tokens, turns });
    expect([carrier.waitsForTurn?.(), carrier.turnsWaiting?.(), carrier.emptyAt?.()]).toEqual([
      "3 messages wait",
      3,
      500,
    ]);
    carrier.recall?.({ ...testClaim(), message: { ...testClaim().message, id: 7 } });
    carrier.gone?.(8);
    carrier.retryNow?.();
    await carrier.close(0);
    expect(did).toEqual(["recall 7", "gone 8", "turns: retryNow", "tokens: retryNow", "turns: close"]);
    const without = carrierOf();
    expect([without.waitsForTurn?.(), without.turnsWaiting?.()]).toEqual([undefined, 0]);
    expect(["recall", "gone"].filter((name) => name in without)).toEqual(["recall"]);
  });
});

test("Retry-Queue: what is held may be tried at once", async () => {
  const carrier = carrierOf();
  await carrier.carry(from("a@a.test"));
  replies.apply(hold("queue"), "a@a.test", verdict, "smtp.test");
  carrier.retryNow?.();
  await carrier.carry(from("a@a.test"));
  expect(pools[0]?.jobs).toHaveLength(2);
});
