import { afterEach, beforeEach, describe, expect, test } from "vitest";
import PostalMime from "postal-mime";
import type { Envelope, Notify, Recipient } from "../../core/message/envelope.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import { createEventLog } from "../../events/event-log.ts";
import type { EventRecord } from "../../events/events.ts";
import type { MemorySpool } from "../../testing/memory-spool.ts";
import { submissionQueue, unreachableQueue, type Claim } from "../../spool/spool.ts";
import type { FakeClock } from "../../testing/fake-clock.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { openTestedSpool, spoolKinds, type TestedSpool } from "../../testing/tested-spool.ts";
import type { AttemptResult, Carrier, RecipientOutcome } from "./delivery.ts";
import type { SchedulerLimits } from "./limits.ts";
import type { Scheduler, SchedulerSettings } from "./scheduler-contract.ts";
import { createScheduler } from "./scheduler.ts";

const minute = 60_000;
const hour = 60 * minute;

const ok = (index: number): RecipientOutcome => ({
  kind: "delivered",
  index,
  verdict: { status: "2.0.0", text: "250 2.0.0 OK", fromPeer: true },
  dsnRelayed: false,
});
const busy = (index: number): RecipientOutcome => ({
  kind: "transient",
  index,
  verdict: { status: "4.2.1", text: "450 4.2.1 busy", fromPeer: true },
});
const unknown = (index: number): RecipientOutcome => ({
  kind: "permanent",
  index,
  verdict: { status: "5.1.1", text: "550 5.1.1 User unknown", fromPeer: true },
});
const refused: AttemptResult = {
  kind: "unreachable",
  host: "10.0.0.9",
  verdict: { status: "4.4.1", text: "connect ECONNREFUSED", fromPeer: false },
};
const each = (claim: Claim, outcome: (index: number) => RecipientOutcome): AttemptResult => ({
  kind: "attempted",
  host: "mx.example",
  outcomes: claim.recipients.map(({ index }) => outcome(index)),
});

/** A carrier whose answers the test gives; without an answer it delivers at once. */
class FakeCarrier implements Carrier {
  readonly concurrency: number;
  readonly carried: Claim[] = [];
  answer: (claim: Claim) => AttemptResult | Promise<AttemptResult> = (claim) => each(claim, ok);
  running = 0;
  highest = 0;
  closed: number | undefined;
  onClose: (graceMs: number) => void = () => undefined;

  constructor(concurrency = 20) {
    this.concurrency = concurrency;
  }
  async carry(claim: Claim): Promise<AttemptResult> {
    this.carried.push(claim);
    this.highest = Math.max(this.highest, ++this.running);
    try {
      return await this.answer(claim);
    } finally {
      this.running--;
    }
  }
  async close(graceMs: number): Promise<void> {
    this.closed = graceMs;
    this.onClose(graceMs);
  }
}

const connector = (name: string, domain: string, changes: object = {}): SendConnectorSettings => ({
  kind: "drop",
  name,
  enabled: true,
  comment: "",
  dropDirectory: "/d",
  maxMessageSize: 1_000_000,
  addressSpaces: [{ domain, subdomains: domain === "", cost: 1 }],
  ...changes,
});

let clock: FakeClock;
let tested: TestedSpool;
let spool: MemorySpool;
let scheduler: Scheduler;
let told: EventRecord[];
let carriers: Map<string, FakeCarrier>;
let made: FakeCarrier[];

function build(
  settings: SchedulerSettings,
  limits: Partial<SchedulerLimits> = {},
  carrierOf: (name: string) => FakeCarrier = () => new FakeCarrier(),
): void {
  const events = createEventLog({ clock, levels: { SmtpSend: "Expert", DSN: "Expert", Routing: "Expert" } });
  events.subscribe((record) => told.push(record));
  scheduler = createScheduler({
    spool,
    settings,
    ports: { clock, random: () => 0.5 },
    events,
    limits,
    carrierFor: ({ name }) => {
      const carrier = carrierOf(name);
      carriers.set(name, carrier);
      made.push(carrier);
      return carrier;
    },
  });
}
/** The next run, at another time. */
async function reopen(startMs: number): Promise<void> {
  tested = await tested.reopen(startMs);
  ({ clock, spool } = tested);
}
const carrier = (name: string): FakeCarrier => carriers.get(name) as FakeCarrier;
const events = (name: EventRecord["name"]) =>
  told.filter((record) => record.name === name).map(({ fields }) => fields);

const content = "Subject: Invoice 7\r\nMessage-ID: <1@app.test>\r\n\r\nbody\r\n";
async function submit(to: readonly (string | Recipient)[], changes: Partial<Envelope> = {}, body = content) {
  const draft = spool.begin();
  draft.write(Buffer.from(body));
  return spool.accept(
    draft,
    {
      reversePath: "app@sender.test",
      recipients: to.map((one) => (typeof one === "string" ? { forwardPath: one } : one)),
      body: "7BIT",
      smtpUtf8: false,
      ...changes,
    },
    { connector: "AppRelay", sourceAddress: "127.0.0.1", helloName: "app.test", sessionId: "1" },
    { dotLines: 0, eightBit: false, endsWithCrlf: true },
  );
}
const dsns = (name = "Sender"): { to: string; text: string; envelope: Envelope }[] =>
  carrier(name).carried.map(({ message, content: { inMemory } }) => ({
    to: message.envelope.recipients[0]?.forwardPath ?? "",
    envelope: message.envelope,
    text: inMemory?.toString() ?? "",
  }));

describe.each(spoolKinds)("on the %s spool", (kind) => {
  beforeEach(async () => {
    tested = await openTestedSpool(kind);
    ({ clock, spool } = tested);
    told = [];
    carriers = new Map();
    made = [];
  });
  afterEach(async () => {
    await Promise.all([scheduler.stop(0), clock.advance(2000)]);
    await tested.close();
    expect(clock.pendingTimers).toBe(0);
  });

  /** `Out` for everything, `Sender` for the senders' domain, where reports go. */
  const usual = schedulerSettings(connector("Out", ""), connector("Sender", "sender.test"));

  describe("fresh mail", () => {
    test("goes to its carrier at once, from memory, and is gone", async () => {
      build(usual);
      scheduler.start();
      await submit(["a@x.test", "b@y.test"]);
      await clock.settle();
      const [claim] = carrier("Out").carried;
      expect(claim?.recipients.map(({ index }) => index)).toEqual([0, 1]);
      expect(claim?.content.inMemory?.toString()).toBe(content);
      expect(spool.size).toBe(0);
      expect(events("MessageDelivered")).toMatchObject([
        { host: "mx.example", recipients: 2, connector: "Out" },
      ]);
    });

    test("is routed by recipient", async () => {
      build(schedulerSettings(connector("A", "a.test"), connector("B", "b.test")));
      scheduler.start();
      await submit(["1@a.test", "2@b.test", "3@a.test"]);
      await clock.settle();
      expect(carrier("A").carried.map((claim) => claim.recipients.map(({ index }) => index))).toEqual([
        [0, 2],
      ]);
      expect(carrier("B").carried.map((claim) => claim.recipients.map(({ index }) => index))).toEqual([[1]]);
      expect(spool.size).toBe(0);
    });

    test("before start it waits; then it is taken up", async () => {
      build(usual);
      await submit(["a@x.test"]);
      await clock.settle();
      expect(carrier("Out").carried).toHaveLength(0);
      scheduler.start();
      await clock.settle();
      expect(spool.size).toBe(0);
    });

    test("no more at once than the carrier allows, nor in memory than the window; all arrive", async () => {
      build(usual, { windowClaims: 10, lowWater: 4, refillClaims: 5 }, () => new FakeCarrier(3));
      const out = carrier("Out");
      const open: (() => void)[] = [];
      out.answer = (claim) => new Promise((resolve) => open.push(() => resolve(each(claim, ok))));
      scheduler.start();
      for (let n = 0; n < 50; n++) await submit([`${n}@x.test`]);
      await clock.settle();
      expect(scheduler.snapshot().find(({ connector: c }) => c === "Out")).toMatchObject({
        status: "Active",
        running: 3,
      });
      expect(scheduler.snapshot().find(({ connector: c }) => c === "Out")?.waiting).toBeLessThanOrEqual(10);
      for (let n = 0; n < 100 && spool.size > 0; n++) {
        for (const go of open.splice(0)) go();
        await clock.settle();
      }
      expect(out.highest).toBe(3);
      expect(new Set(out.carried.map(({ message }) => message.id)).size).toBe(50);
      expect(out.carried).toHaveLength(50);
      expect(spool.size).toBe(0);
    });

    test("what waits on disk is not overtaken for ever", async () => {
      build(usual, { windowClaims: 10, lowWater: 4, refillClaims: 5 }, () => new FakeCarrier(1));
      const out = carrier("Out");
      let finish: () => void = () => undefined;
      out.answer = (claim) => new Promise((resolve) => (finish = () => resolve(each(claim, ok))));
      scheduler.start();
      const early: number[] = [];
      for (let n = 0; n < 30; n++) early.push((await submit([`${n}@x.test`])).id);
      for (let n = 0; n < 45; n++) {
        await submit(["late@x.test"]);
        finish();
        await clock.settle();
      }
      const carried = new Set(out.carried.map(({ message }) => message.id));
      expect(early.filter((id) => !carried.has(id))).toEqual([]);
    });
  });

  describe("a next hop that does not answer", () => {
    test("puts its queue to rest on the ladder, and one probe's success opens it", async () => {
      build(usual);
      const out = carrier("Out");
      const attempts: number[] = [];
      const start = clock.now();
      out.answer = () => {
        attempts.push((clock.now() - start) / minute);
        return refused;
      };
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.advance(34 * minute);
      // 2 glitch retries after 1 minute each, 2 transient ones after 5, then every 10
      expect(attempts).toEqual([0, 1, 2, 7, 12, 22, 32]);
      expect(scheduler.snapshot().find(({ connector: c }) => c === "Out")).toMatchObject({
        status: "Retry",
        retryCount: 7,
        messages: 1,
        lastError: "connect ECONNREFUSED",
        nextRetryAt: start + 42 * minute,
      });
      expect(events("QueueRetry").map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      out.answer = (claim) => each(claim, ok);
      await clock.advance(9 * minute);
      expect(spool.size).toBe(0);
      expect(events("QueueActive")).toHaveLength(1);
    });

    test("does not touch the messages: no attempt counted, nothing carried twice in one rung", async () => {
      build(usual, {}, () => new FakeCarrier(5));
      const out = carrier("Out");
      out.answer = () => refused;
      scheduler.start();
      for (let n = 0; n < 30; n++) await submit([`${n}@x.test`]);
      await clock.settle();
      const [first] = (await spool.list("Out;/d", 1)).messages;
      expect(first?.recipients[0]).toMatchObject({ attempts: 0 });
      expect(spool.queues()).toMatchObject([{ queue: "Out;/d", messages: 30 }]);
      expect(out.carried.length).toBeLessThanOrEqual(6);
      const before = out.carried.length;
      await clock.advance(minute);
      // a few probes, not all at once
      expect(out.carried.length - before).toBeLessThanOrEqual(2);
      out.answer = (claim) => each(claim, ok);
      await clock.advance(minute);
      expect(spool.size).toBe(0);
    });

    test("leaves its backlog on disk but for a window when it answers again", async () => {
      build(usual, { windowClaims: 10, lowWater: 4, refillClaims: 5 }, () => new FakeCarrier(2));
      const out = carrier("Out");
      out.answer = () => refused;
      scheduler.start();
      for (let n = 0; n < 60; n++) await submit([`${n}@x.test`]);
      await clock.settle();
      const open: (() => void)[] = [];
      out.answer = (claim) => new Promise((resolve) => open.push(() => resolve(each(claim, ok))));
      await clock.advance(minute);
      while (spool.size > 0) {
        expect(scheduler.snapshot().find(({ connector: c }) => c === "Out")?.waiting).toBeLessThanOrEqual(9);
        expect(open.length).toBeGreaterThan(0);
        for (const go of open.splice(0)) go();
        await clock.settle();
      }
    });

    test("that refuses only some connections gets fewer, and the queue goes on", async () => {
      build(usual, {}, () => new FakeCarrier(10));
      const out = carrier("Out");
      const open: (() => void)[] = [];
      out.answer = (claim) =>
        out.running > 4 ? refused : new Promise((resolve) => open.push(() => resolve(each(claim, ok))));
      scheduler.start();
      for (let n = 0; n < 40; n++) await submit([`${n}@x.test`]);
      await clock.settle();
      expect(scheduler.snapshot().find(({ connector: c }) => c === "Out")).toMatchObject({
        status: "Active",
        running: 4,
      });
      while (spool.size > 0) {
        open.shift()?.();
        await clock.settle();
      }
      expect(events("QueueRetry")).toEqual([]);
      // 40 deliveries, one refusal for each connection too many at the beginning
      expect(out.carried.length).toBeLessThanOrEqual(50);
    });

    test("holds up no other queue", async () => {
      build(
        schedulerSettings(
          connector("Bad", "bad.test"),
          connector("Hangs", "hangs.test"),
          connector("Good", "good.test"),
        ),
        {
          windowClaims: 5,
          lowWater: 2,
          refillClaims: 5,
        },
      );
      carrier("Bad").answer = () => refused;
      carrier("Hangs").answer = () => new Promise(() => undefined);
      scheduler.start();
      for (let n = 0; n < 100; n++) {
        await submit([`${n}@bad.test`]);
        await submit([`${n}@hangs.test`]);
        await submit([`${n}@good.test`]);
      }
      await clock.settle();
      expect(carrier("Good").carried).toHaveLength(100);
      expect(spool.size).toBe(200);
    });

    test("retryNow tries at once", async () => {
      build(usual);
      carrier("Out").answer = () => refused;
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.advance(30 * minute);
      carrier("Out").answer = (claim) => each(claim, ok);
      expect(scheduler.retryNow("Out;/d")).toBe(1);
      await clock.settle();
      expect(spool.size).toBe(0);
    });
  });

  describe("one recipient's fate", () => {
    test("a 4xx is tried again after MessageRetryInterval; others of the message are not", async () => {
      build(usual);
      const out = carrier("Out");
      out.answer = (claim) => each(claim, (index) => (index === 1 ? busy(1) : ok(index)));
      scheduler.start();
      await submit(["a@x.test", "b@x.test", "c@x.test"]);
      await clock.advance(15 * minute - 1);
      expect(out.carried).toHaveLength(1);
      const [waiting] = (await spool.list("Out;/d", 1)).messages;
      expect(waiting?.recipients).toEqual([
        { index: 1, attempts: 1, lastError: "450 4.2.1 busy (mx.example)", delayReported: false },
      ]);
      out.answer = (claim) => each(claim, ok);
      await clock.advance(1);
      expect(out.carried.at(-1)?.recipients.map(({ index }) => index)).toEqual([1]);
      expect(spool.size).toBe(0);
      expect(events("DeliveryDeferred")).toMatchObject([{ recipient: "b@x.test", error: "450 4.2.1 busy" }]);
    });

    test("short intervals are kept to the second", async () => {
      build({ ...usual, transport: { ...usual.transport, messageRetryInterval: 2000 } });
      carrier("Out").answer = (claim) => each(claim, busy);
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.advance(9000);
      expect(carrier("Out").carried).toHaveLength(5);
    });

    test("what is due later is not forgotten over what is due now", async () => {
      build({ ...usual, transport: { ...usual.transport, messageRetryInterval: 2000 } });
      const out = carrier("Out");
      out.answer = (claim) => each(claim, busy);
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.advance(500);
      await submit(["b@x.test"]);
      await clock.advance(1500);
      expect(out.carried).toHaveLength(3);
      await clock.advance(500);
      expect(out.carried).toHaveLength(4);
      expect(out.carried.at(-1)?.message.envelope.recipients[0]?.forwardPath).toBe("b@x.test");
    });

    test("an outcome the carrier forgot counts as a 4xx", async () => {
      build(usual);
      carrier("Out").answer = () => ({ kind: "attempted", host: "mx.example", outcomes: [ok(0)] });
      scheduler.start();
      await submit(["a@x.test", "b@x.test"]);
      await clock.settle();
      expect((await spool.list("Out;/d", 1)).messages[0]?.recipients).toMatchObject([
        { index: 1, attempts: 1 },
      ]);
    });

    test("a carrier's bug is told and tried again later", async () => {
      build(usual);
      carrier("Out").answer = () => Promise.reject(new Error("bug"));
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.settle();
      expect(events("RelayFault")).toHaveLength(1);
      expect(carrier("Out").carried).toHaveLength(1);
      carrier("Out").answer = (claim) => each(claim, ok);
      await clock.advance(15 * minute);
      expect(spool.size).toBe(0);
    });

    test("damaged content is set aside", async () => {
      build(usual);
      const damaged: string[] = [];
      spool.onDamaged(({ what }) => damaged.push(what));
      carrier("Out").answer = () => ({ kind: "damaged", what: "checksum" });
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.settle();
      expect([damaged, spool.size, carrier("Out").carried.length]).toEqual([["checksum"], 0, 1]);
    });

    test("5xx: one report about all that failed, to the reverse-path, from the null one", async () => {
      build(usual);
      carrier("Out").answer = (claim) => each(claim, (index) => (index === 0 ? ok(0) : unknown(index)));
      scheduler.start();
      await submit(["a@x.test", "b@x.test", "c@x.test"]);
      await clock.settle();
      expect(dsns()).toHaveLength(1);
      const [report] = dsns();
      expect(report).toMatchObject({ to: "app@sender.test", envelope: { reversePath: "" } });
      const mail = await PostalMime.parse(report?.text ?? "");
      expect(mail.subject).toBe("Undeliverable: Invoice 7");
      expect(report?.text).not.toContain("a@x.test\r\nAction");
      expect(report?.text.match(/^Final-Recipient: .*$/gm)).toHaveLength(2);
      expect(spool.size).toBe(0);
      expect(events("DeliveryFailed")).toHaveLength(2);
      expect(events("DsnSent")).toMatchObject([{ kind: "failed", sender: "app@sender.test" }]);
    });

    test("a failure of a report ends there", async () => {
      build(usual);
      carrier("Out").answer = (claim) => each(claim, unknown);
      carrier("Sender").answer = (claim) => each(claim, unknown);
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.settle();
      expect(dsns()).toHaveLength(1);
      expect(spool.size).toBe(0);
      expect(events("DsnSuppressed")).toMatchObject([{ recipient: "app@sender.test" }]);
    });

    test("too large for every connector: 5.3.4 without an attempt", async () => {
      build(
        schedulerSettings(connector("Out", "", { maxMessageSize: 10 }), connector("Sender", "sender.test")),
      );
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.settle();
      expect(carrier("Out").carried).toHaveLength(0);
      expect(dsns()[0]?.text).toMatch(/^Status: 5\.3\.4\r$/m);
      expect(spool.size).toBe(0);
    });
  });

  const notify = (words: string): Notify => ({
    never: words === "NEVER",
    success: words.includes("SUCCESS"),
    failure: words.includes("FAILURE"),
    delay: words.includes("DELAY"),
  });

  test.each([
    // NOTIFY, report when delivered, after 4 hours, when refused
    ["SUCCESS", ["Delivered"], [], []],
    ["FAILURE", [], [], ["Undeliverable"]],
    ["DELAY", [], ["Delivery delayed"], []],
    ["SUCCESS,FAILURE,DELAY", ["Delivered"], ["Delivery delayed"], ["Undeliverable"]],
    ["NEVER", [], [], []],
  ])("NOTIFY=%s", async (words, delivered, delayed, failed) => {
    build(usual);
    scheduler.start();
    const said = () => dsns().map(({ text }) => /^Subject: ([^:]+):/m.exec(text)?.[1]);
    const to = [{ forwardPath: "a@x.test", notify: notify(words) }];

    await submit(to);
    await clock.settle();
    expect(said()).toEqual(delivered);

    carrier("Sender").carried.length = 0;
    carrier("Out").answer = (claim) => each(claim, busy);
    await submit(to);
    await clock.advance(5 * hour);
    expect(said()).toEqual(delayed);

    carrier("Sender").carried.length = 0;
    carrier("Out").answer = (claim) => each(claim, unknown);
    await clock.advance(15 * minute);
    expect(said()).toEqual(failed);
    expect(spool.size).toBe(0);
  });

  test("a relayed message is told of unless the next hop took the request over", async () => {
    const smart = connector("Out", "", {
      kind: "smartHost",
      smartHosts: [{ host: "10.0.0.9", port: 25 }],
    });
    build(schedulerSettings(smart, connector("Sender", "sender.test")));
    scheduler.start();
    carrier("Out").answer = (claim) =>
      each(claim, (index) => ({ ...ok(index), dsnRelayed: index === 1 }) as RecipientOutcome);
    await submit([
      { forwardPath: "a@x.test", notify: notify("SUCCESS") },
      { forwardPath: "b@x.test", notify: notify("SUCCESS") },
    ]);
    await clock.settle();
    expect(dsns()[0]?.text).toMatch(/^Action: relayed\r$/m);
    expect(dsns()[0]?.text).not.toContain("b@x.test");
  });

  describe("waiting long", () => {
    test.each([
      ["a queue at rest", () => refused, "Out;/d"],
      ["a recipient that is put off", (claim: Claim) => each(claim, busy), "Out;/d"],
    ] as const)(
      "%s: warned of once after four hours, given up after two days",
      async (_why, answer, queue) => {
        build(usual);
        carrier("Out").answer = answer;
        scheduler.start();
        await submit(["a@x.test"]);
        await clock.advance(4 * hour - 1);
        expect(dsns()).toEqual([]);
        await clock.advance(20 * minute);
        expect(dsns()).toHaveLength(1);
        expect(dsns()[0]?.text).toMatch(/^Action: delayed\r$/m);
        expect(dsns()[0]?.text).toMatch(/^Will-Retry-Until: Sat, 17 Jan 2026 09:00:00 \+0000\r$/m);
        await clock.advance(43 * hour);
        expect(dsns()).toHaveLength(1);
        expect(spool.queues()).toMatchObject([{ queue, messages: 1 }]);
        await clock.advance(hour);
        expect(dsns()).toHaveLength(2);
        expect(dsns()[1]?.text).toMatch(/^Status: 4\.4\.7\r$/m);
        expect(dsns()[1]?.text).toMatch(
          /550 4\.4\.7 QUEUE\.Expired; message expired \(last error: (450|connect)/,
        );
        expect(spool.size).toBe(0);
      },
    );

    test("in memory, behind one that takes for ever: warned of and given up as on disk", async () => {
      build(usual, {}, () => new FakeCarrier(1));
      carrier("Out").answer = () => new Promise(() => undefined);
      scheduler.start();
      await submit(["first@x.test"], { reversePath: "" });
      await submit(["a@x.test"]);
      await clock.advance(4 * hour + 2 * minute);
      expect(dsns().map(({ text }) => /^Action: (.*)\r$/m.exec(text)?.[1])).toEqual(["delayed"]);
      await clock.advance(44 * hour);
      expect(dsns().map(({ text }) => /^Action: (.*)\r$/m.exec(text)?.[1])).toEqual(["delayed", "failed"]);
      expect(dsns()[1]?.text).toMatch(/^Status: 4\.4\.7\r$/m);
      expect(carrier("Out").carried).toHaveLength(1);
      expect(spool.size).toBe(1);
    });

    test("in memory, from before the start: its try comes first, however old it is", async () => {
      build(usual, {}, () => new FakeCarrier(1));
      await submit(["first@x.test"], { reversePath: "" });
      await submit(["a@x.test"]);
      await reopen(3 * 24 * hour);
      build(usual, {}, () => new FakeCarrier(1));
      let answer: ((result: AttemptResult) => void) | undefined;
      carrier("Out").answer = () => new Promise((resolve) => (answer = resolve));
      scheduler.start();
      await clock.advance(5 * minute);
      expect(dsns()).toEqual([]);
      const [first] = carrier("Out").carried;
      answer?.(each(first as Claim, ok));
      await clock.settle();
      expect(carrier("Out").carried).toHaveLength(2);
    });

    test("a million are not walked each minute: what was looked at is not claimed again", async () => {
      let walked = 0;
      const walkOld = spool.walkOld.bind(spool);
      spool.walkOld = () => {
        const old = walkOld();
        return {
          async claim(...args) {
            const claims = await old.claim(...args);
            walked += claims.length;
            return claims;
          },
        };
      };
      build(usual, { sweepClaims: 10 });
      carrier("Out").answer = () => refused;
      scheduler.start();
      for (let n = 0; n < 35; n++) await submit(["a@x.test"], { reversePath: "" });
      await clock.advance(5 * hour);
      walked = 0;
      await clock.advance(hour);
      expect(walked).toBe(0);
      expect(spool.size).toBe(35);
      await clock.advance(43 * hour);
      expect(spool.size).toBe(0);
      expect(dsns()).toEqual([]);
    });
  });

  describe("no connector", () => {
    const only = schedulerSettings(connector("Sender", "sender.test"));

    test("the recipient waits in the unreachable queue until the configuration knows one", async () => {
      build(only);
      scheduler.start();
      await submit(["a@x.test", "b@sender.test"]);
      await clock.settle();
      expect(events("RecipientUnreachable")).toMatchObject([{ recipient: "a@x.test" }]);
      expect(spool.queues()).toMatchObject([{ queue: unreachableQueue, messages: 1 }]);
      expect(scheduler.snapshot().at(-1)).toMatchObject({ identity: "Unreachable", messages: 1 });
      await clock.advance(hour);
      await scheduler.reconfigure(usual);
      await clock.settle();
      expect(carrier("Out").carried).toHaveLength(1);
      expect(spool.size).toBe(0);
    });

    test("is warned of and given up there", async () => {
      build(only);
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.advance(5 * hour);
      expect(dsns()).toHaveLength(1);
      await clock.advance(44 * hour);
      expect(dsns()).toHaveLength(2);
      expect(dsns()[1]?.text).toContain("A matching connector cannot be found");
      expect(spool.size).toBe(0);
    });
  });

  describe("a new configuration", () => {
    test("a queue no connector has any more is routed again, what waits in memory included", async () => {
      build(schedulerSettings(connector("Old", "")), {}, () => new FakeCarrier(1));
      const old = carrier("Old");
      let finish: (result: AttemptResult) => void = () => undefined;
      old.answer = () => new Promise((resolve) => (finish = resolve));
      scheduler.start();
      for (let n = 0; n < 5; n++) await submit([`${n}@x.test`]);
      await clock.settle();
      expect(old.carried).toHaveLength(1);
      await scheduler.reconfigure(schedulerSettings(connector("New", "")));
      await clock.settle();
      expect(carrier("New").carried).toHaveLength(4);
      expect(old.closed).toBeGreaterThan(0);
      // the attempt under way ends under the old settings; put off, it goes the new way
      finish(each(old.carried[0] as Claim, busy));
      await clock.advance(16 * minute);
      expect(carrier("New").carried).toHaveLength(5);
      expect(spool.size).toBe(0);
    });

    test("what found no room in a queue that is gone goes the new way", async () => {
      const way = (dropDirectory: string) =>
        schedulerSettings(connector("Out", "x.test", { dropDirectory }), connector("Sender", "sender.test"));
      build(way("/old"), { windowClaims: 4, lowWater: 2, refillClaims: 2 }, () => new FakeCarrier(1));
      carrier("Out").answer = () => new Promise(() => undefined);
      scheduler.start();
      for (let n = 0; n < 30; n++) await submit([`${n}@x.test`]);
      await clock.settle();
      await scheduler.reconfigure(way("/new"));
      await clock.advance(minute);
      // All but the one that hangs on the old way.
      expect(carrier("Out").carried).toHaveLength(29);
    });

    test("a queue at rest moves as well", async () => {
      build(schedulerSettings(connector("Old", "")));
      carrier("Old").answer = () => refused;
      scheduler.start();
      for (let n = 0; n < 5; n++) await submit([`${n}@x.test`]);
      await clock.advance(10 * minute);
      await scheduler.reconfigure(schedulerSettings(connector("New", "")));
      await clock.settle();
      expect(carrier("New").carried).toHaveLength(5);
    });

    test("an unchanged connector keeps its carrier; a changed one with the same next hop gets a new one", async () => {
      build(usual);
      scheduler.start();
      const [out, sender] = [carrier("Out"), carrier("Sender")];
      await scheduler.reconfigure(
        schedulerSettings(connector("Out", "", { comment: "new" }), connector("Sender", "sender.test")),
      );
      expect(made).toHaveLength(3);
      expect([out.closed === undefined, sender.closed]).toEqual([false, undefined]);
      await submit(["a@x.test"]);
      await clock.settle();
      expect([out.carried.length, carrier("Out").carried.length]).toEqual([0, 1]);
    });
  });

  describe("after an earlier run", () => {
    test("everything left is routed or tried, under whatever clock it was kept", async () => {
      const year = 365 * 24 * hour;
      await reopen(clock.now() + year);
      build(usual);
      carrier("Out").answer = (claim) => each(claim, busy);
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.settle();
      await Promise.all([scheduler.stop(0), clock.advance(2000)]);
      await submit(["b@x.test"]);
      // the next run lives a year earlier
      await reopen(clock.now() - year);
      build(usual);
      scheduler.start();
      await clock.settle();
      expect(carrier("Out").carried).toHaveLength(2);
      expect(spool.size).toBe(0);
    });

    test.each([submissionQueue, "Out;/d"])(
      "in queue %j a plausible due time hides no impossible one",
      async (queue) => {
        build(usual);
        for (const dueAt of [clock.now() + 10 * minute, clock.now() + 365 * 24 * hour]) {
          await submit(["a@x.test"]);
          for (const claim of await spool.claim(submissionQueue, 1, clock.now())) {
            await spool.settle(claim, [
              { kind: "keep", index: 0, queue, dueAt, attempts: 1, delayReported: false },
            ]);
          }
        }
        scheduler.start();
        await clock.settle();
        expect(spool.size).toBe(0);
      },
    );

    test("queues of connectors that are gone are routed again", async () => {
      build(schedulerSettings(connector("Gone", "")));
      carrier("Gone").answer = () => refused;
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.settle();
      await scheduler.stop(0);
      build(usual);
      scheduler.start();
      await clock.settle();
      expect(spool.size).toBe(0);
    });
  });

  describe("stop", () => {
    test("begins nothing more, lets attempts end, releases the rest", async () => {
      build(usual, {}, () => new FakeCarrier(1));
      const out = carrier("Out");
      let finish: (result: AttemptResult) => void = () => undefined;
      out.answer = () => new Promise((resolve) => (finish = resolve));
      scheduler.start();
      await submit(["a@x.test"]);
      await submit(["b@x.test"]);
      await clock.settle();
      const stopped = scheduler.stop(5000);
      await clock.settle();
      await submit(["c@x.test"]);
      expect(out.closed).toBe(5000);
      finish(each(out.carried[0] as Claim, ok));
      await stopped;
      expect(out.carried).toHaveLength(1);
      expect(spool.queues()).toMatchObject([{ queue: submissionQueue, messages: 2 }]);
      expect(await spool.claim(submissionQueue, 10, clock.now())).toHaveLength(2);
    });

    test("an aborted attempt leaves its message as it was", async () => {
      build(usual);
      const out = carrier("Out");
      let abort: () => void = () => undefined;
      out.answer = () => new Promise((resolve) => (abort = () => resolve({ kind: "aborted" })));
      out.onClose = () => abort();
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.settle();
      await scheduler.stop(0);
      expect(await spool.claim(submissionQueue, 10, clock.now())).toHaveLength(1);
    });

    test("a carrier that hangs holds up the end by a second at most", async () => {
      build(usual);
      carrier("Out").answer = () => new Promise(() => undefined);
      scheduler.start();
      await submit(["a@x.test"]);
      await clock.settle();
      const stopped = scheduler.stop(100);
      await clock.advance(1101);
      await stopped;
    });
  });
});
