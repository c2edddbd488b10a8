import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import { createEventLog } from "../../events/event-log.ts";
import type { MemorySpool } from "../../testing/memory-spool.ts";
import { submissionQueue, unreachableQueue, type Claim } from "../../spool/spool.ts";
import type { FakeClock } from "../../testing/fake-clock.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { openTestedSpool, spoolKinds, type TestedSpool } from "../../testing/tested-spool.ts";
import type { AttemptResult } from "./delivery.ts";
import type { Scheduler } from "./scheduler-contract.ts";
import { createScheduler } from "./scheduler.ts";

const minute = 60_000;
const out: SendConnectorSettings = {
  kind: "drop",
  name: "Out",
  enabled: true,
  comment: "",
  dropDirectory: "/d",
  maxMessageSize: 1_000_000,
  addressSpaces: [{ domain: "x.test", subdomains: false, cost: 1 }],
};
const delivered = (claim: Claim): AttemptResult => ({
  kind: "attempted",
  host: "mx.example",
  outcomes: claim.recipients.map(({ index }) => ({
    kind: "delivered",
    index,
    verdict: { status: "2.0.0", text: "250 2.0.0 OK", fromPeer: true },
    dsnRelayed: false,
  })),
});

let clock: FakeClock;
let tested: TestedSpool;
let spool: MemorySpool;
let told: string[];
let carry: (claim: Claim) => Promise<AttemptResult>;

function build(suspended: readonly string[] = []): Scheduler {
  const events = createEventLog({ clock, levels: {} });
  events.subscribe(({ name }) => told.push(name));
  return createScheduler({
    spool,
    suspended,
    settings: schedulerSettings(out),
    ports: { clock, random: () => 0.5 },
    events,
    carrierFor: () => ({ concurrency: 5, carry: (claim) => carry(claim), close: async () => undefined }),
  });
}

async function submit(to: string): Promise<void> {
  const draft = spool.begin();
  draft.write(Buffer.from("Subject: x\r\n\r\nbody\r\n"));
  await spool.accept(
    draft,
    { reversePath: "a@s.test", recipients: [{ forwardPath: to }], body: "7BIT", smtpUtf8: false },
    { connector: "In", sourceAddress: "127.0.0.1", helloName: "app.test", sessionId: "1" },
    { dotLines: 0, eightBit: false, endsWithCrlf: true },
  );
}
const nameOf = (scheduler: Scheduler): string =>
  scheduler.snapshot().find(({ connector }) => connector === "Out")?.queue ?? "";
const stateOf = (scheduler: Scheduler, queue: string) =>
  scheduler.snapshot().find((one) => one.queue === queue);

describe.each(spoolKinds)("on the %s spool", (kind) => {
  beforeEach(async () => {
    tested = await openTestedSpool(kind);
    ({ clock, spool } = tested);
    told = [];
    carry = async (claim) => delivered(claim);
  });
  afterEach(() => tested.close());

  test("a suspended queue takes mail, keeps it over a retry, and gives it when it goes on", async () => {
    const scheduler = build();
    scheduler.start();
    const queue = nameOf(scheduler);
    expect(scheduler.suspend(queue, true)).toBe(true);
    expect(scheduler.suspend(queue, true)).toBe(false);
    await submit("a@x.test");
    await clock.advance(30 * minute);
    expect(scheduler.retryNow(queue)).toBe(0);
    await clock.advance(minute);
    expect(stateOf(scheduler, queue)).toMatchObject({ status: "Suspended", messages: 1, running: 0 });
    scheduler.suspend(queue, false);
    await clock.advance(minute);
    expect(spool.size).toBe(0);
    expect(told.filter((name) => name.startsWith("Queue"))).toEqual(["QueueSuspended", "QueueResumed"]);
  });

  test("an attempt under way ends; what waits in memory goes back to disk", async () => {
    const ends: (() => void)[] = [];
    carry = (claim) => new Promise((resolve) => ends.push(() => resolve(delivered(claim))));
    const scheduler = build();
    scheduler.start();
    const queue = nameOf(scheduler);
    for (let i = 0; i < 7; i++) await submit(`a${i}@x.test`);
    await clock.advance(1);
    scheduler.suspend(queue, true);
    await clock.advance(1);
    expect(stateOf(scheduler, queue)).toMatchObject({ running: 5, waiting: 0 });
    for (const end of ends) end();
    await clock.advance(1000);
    expect(spool.size).toBe(2);
    expect(stateOf(scheduler, queue)).toMatchObject({ status: "Suspended", messages: 2 });
  });

  test("what an attempt gives back to a suspended queue waits on disk, and is given up in time", async () => {
    const ends: ((result: AttemptResult) => void)[] = [];
    carry = () => new Promise((resolve) => ends.push(resolve));
    const scheduler = build();
    scheduler.start();
    const queue = nameOf(scheduler);
    for (let i = 0; i < 3; i++) await submit(`a${i}@x.test`);
    await clock.advance(1);
    scheduler.suspend(queue, true);
    const verdict = { status: "4.4.1", text: "connection refused", fromPeer: false };
    for (const end of ends) end({ kind: "unreachable", host: "mx.example", verdict });
    await clock.advance(1000);
    expect(stateOf(scheduler, queue)).toMatchObject({ status: "Suspended", messages: 3, waiting: 0 });
    await clock.advance(2881 * minute);
    expect(stateOf(scheduler, queue)).toMatchObject({ status: "Suspended", messages: 0 });
  });

  test("nothing is routed while the submission queue is suspended, from the start on", async () => {
    const scheduler = build([submissionQueue]);
    scheduler.start();
    await submit("a@x.test");
    await clock.advance(10 * minute);
    expect(stateOf(scheduler, submissionQueue)).toMatchObject({ status: "Suspended", messages: 1 });
    scheduler.suspend(submissionQueue, false);
    await clock.advance(minute);
    expect(spool.size).toBe(0);
  });

  test("the unreachable queue is routed again only by hand while it is suspended", async () => {
    const scheduler = build();
    scheduler.start();
    await submit("a@nowhere.test");
    await clock.advance(minute);
    scheduler.suspend(unreachableQueue, true);
    expect(scheduler.retryNow()).toBe(0);
    expect(stateOf(scheduler, unreachableQueue)).toMatchObject({ status: "Suspended", messages: 1 });
    expect(await scheduler.resubmit(unreachableQueue)).toBe(1);
  });

  test("rates are of the last minute", async () => {
    const scheduler = build();
    scheduler.start();
    for (let i = 0; i < 6; i++) await submit("a@x.test");
    await clock.advance(1000);
    expect(stateOf(scheduler, nameOf(scheduler))).toMatchObject({
      incomingRate: 0.1,
      outgoingRate: 0.1,
      velocity: 0,
    });
    await clock.advance(2 * minute);
    expect(stateOf(scheduler, nameOf(scheduler))).toMatchObject({ incomingRate: 0, outgoingRate: 0 });
  });
});
