import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import { createEventLog } from "../../events/event-log.ts";
import type { MemorySpool } from "../../testing/memory-spool.ts";
import { submissionQueue, unreachableQueue, type Claim } from "../../spool/spool.ts";
import type { FakeClock } from "../../testing/fake-clock.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { openTestedSpool, spoolKinds, type TestedSpool } from "../../testing/tested-spool.ts";
import type { TrackingEntry } from "../../tracking/tracking.ts";
import type { AttemptResult } from "./delivery.ts";
import type { Scheduler } from "./scheduler-contract.ts";
import { createScheduler } from "./scheduler.ts";

const minute = 60_000;
const queue = "Out;/d";
const out: SendConnectorSettings = {
  kind: "drop",
  name: "Out",
  enabled: true,
  comment: "",
  dropDirectory: "/d",
  maxMessageSize: 1_000_000,
  addressSpaces: [{ domain: "x.test", subdomains: false, cost: 1 }],
};
const attempted = (claim: Claim, kind: "delivered" | "transient", status: string): AttemptResult => ({
  kind: "attempted",
  host: "mx.example",
  outcomes: claim.recipients.map(({ index }) => ({
    kind,
    index,
    verdict: { status, text: `${status} said`, fromPeer: true },
    dsnRelayed: false,
  })),
});
const delivered = (claim: Claim) => attempted(claim, "delivered", "2.0.0");
const refused: AttemptResult = {
  kind: "unreachable",
  host: "10.0.0.9",
  verdict: { status: "4.4.1", text: "connect ECONNREFUSED", fromPeer: false },
};

let clock: FakeClock;
let tested: TestedSpool;
let spool: MemorySpool;
let scheduler: Scheduler;
let tracked: TrackingEntry[];
/** Attempts that are on the wire, each with what ends it. */
let wire: { readonly claim: Claim; readonly end: (result: AttemptResult) => void }[];
/** Attempts that have no connection yet. */
let unconnected: boolean;

const recallShared = (claim: Claim): boolean => {
  const [one] = unconnected ? wire.filter((each) => each.claim === claim) : [];
  if (one === undefined) return false;
  wire = wire.filter((each) => each !== one);
  queueMicrotask(() => one.end({ kind: "aborted" }));
  return true;
};

describe.each(spoolKinds)("on the %s spool", (kind) => {
  beforeEach(async () => {
    tested = await openTestedSpool(kind, Date.UTC(2026, 0, 1));
    ({ clock, spool } = tested);
    tracked = [];
    wire = [];
    unconnected = false;
    scheduler = createScheduler({
      spool,
      settings: schedulerSettings(out),
      ports: { clock, random: () => 0.5 },
      events: createEventLog({ clock, levels: {} }),
      tracking: { enabled: true, track: (entry) => tracked.push(entry) },
      carrierFor: () => ({
        concurrency: 1,
        carry: (claim) => new Promise((resolve) => wire.push({ claim, end: resolve })),
        recallShared,
        close: async () => undefined,
      }),
    });
    scheduler.start();
  });
  afterEach(() => tested.close());

  async function submit(): Promise<number> {
    const draft = spool.begin();
    draft.write(Buffer.from("Subject: x\r\n\r\nbody\r\n"));
    const { id } = await spool.accept(
      draft,
      { reversePath: "a@s.test", recipients: [{ forwardPath: "b@x.test" }], body: "7BIT", smtpUtf8: false },
      { connector: "In", sourceAddress: "127.0.0.1", helloName: "app.test", sessionId: "1" },
      { dotLines: 0, eightBit: false, endsWithCrlf: true },
    );
    // Its delivery begins at the end of the turn.
    await new Promise((resolve) => process.nextTick(resolve));
    return id;
  }
  async function end(result: (claim: Claim) => AttemptResult): Promise<void> {
    const one = wire.shift();
    if (one === undefined) throw new Error("nothing is on the wire");
    one.end(result(one.claim));
    await clock.advance(0);
  }
  const onWire = () => wire.map(({ claim }) => claim.message.id);
  const placesOf = async (id: number) =>
    (await spool.find(id))?.places.map((place) => [
      place.queue,
      place.recipients[0]?.suspended ?? false,
      place.held,
    ]);
  const told = (eventId: string) =>
    tracked.filter((entry) => entry.eventId === eventId).map(({ message, source }) => [message.id, source]);

  test("what waits in memory is taken back, suspended, and delivered when it goes on", async () => {
    const [first, second] = [await submit(), await submit()];
    expect(onWire()).toEqual([first]);
    expect(await scheduler.suspendMessage(submissionQueue, second, true)).toBe("done");
    expect(await placesOf(second)).toEqual([[submissionQueue, true, false]]);
    await end(delivered);
    await clock.advance(60 * minute);
    expect(onWire()).toEqual([]);
    expect(await scheduler.suspendMessage(submissionQueue, second, true)).toBe("unchanged");
    expect(await scheduler.suspendMessage(submissionQueue, second, false)).toBe("done");
    await clock.advance(1000);
    expect(onWire()).toEqual([second]);
    await end(delivered);
    expect(spool.size).toBe(0);
  });

  test("what waits for a connection is removed, or suspended, at once", async () => {
    unconnected = true;
    const first = await submit();
    expect(await scheduler.removeMessage(submissionQueue, first, false)).toBe("done");
    await clock.advance(0);
    expect([spool.size, onWire()]).toEqual([0, []]);
    const second = await submit();
    expect(await scheduler.suspendMessage(submissionQueue, second, true)).toBe("done");
    await clock.advance(60 * minute);
    expect([spool.size, onWire()]).toEqual([1, []]);
    expect(scheduler.pendingOn(submissionQueue, second)).toBeUndefined();
  });

  test("what is on the wire is suspended when its attempt ends without success", async () => {
    const id = await submit();
    expect(await scheduler.suspendMessage(submissionQueue, id, true)).toBe("pending");
    expect(scheduler.pendingOn(submissionQueue, id)).toBe("PendingSuspend");
    await end((claim) => attempted(claim, "transient", "4.2.1"));
    expect(scheduler.pendingOn(submissionQueue, id)).toBeUndefined();
    expect(await placesOf(id)).toEqual([[queue, true, false]]);
    await clock.advance(120 * minute);
    expect(onWire()).toEqual([]);
    expect(await scheduler.suspendMessage(queue, id, false)).toBe("done");
    await clock.advance(1000);
    expect(onWire()).toEqual([id]);
  });

  test("what is on the wire is suspended when its host cannot be reached", async () => {
    const id = await submit();
    expect(await scheduler.suspendMessage(submissionQueue, id, true)).toBe("pending");
    await end(() => refused);
    expect(scheduler.pendingOn(submissionQueue, id)).toBeUndefined();
    expect((await placesOf(id))?.map(([, suspended, held]) => [suspended, held])).toEqual([[true, false]]);
    await clock.advance(120 * minute);
    expect(onWire()).toEqual([]);
  });

  test("to go on with what another holds is not said to be so: whoever holds it may have been asked to suspend it", async () => {
    const [, second] = [await submit(), await submit()];
    expect(await scheduler.suspendMessage(submissionQueue, second, false)).toBe("unchanged");
    await scheduler.suspendMessage(submissionQueue, second, true);
    const held = await spool.claimMessage(submissionQueue, second);
    expect(await scheduler.suspendMessage(submissionQueue, second, false)).toBe("busy");
    if (typeof held === "object") spool.release(held);
    expect(await scheduler.suspendMessage(submissionQueue, second, false)).toBe("done");
  });

  test("a wish is taken back, or ends with a delivery", async () => {
    const [first, second] = [await submit(), await submit()];
    await scheduler.suspendMessage(submissionQueue, first, true);
    expect(await scheduler.suspendMessage(submissionQueue, first, false)).toBe("done");
    await end((claim) => attempted(claim, "transient", "4.2.1"));
    expect(await placesOf(first)).toEqual([[queue, false, false]]);
    await scheduler.suspendMessage(submissionQueue, second, true);
    await end(delivered);
    expect(await placesOf(second)).toBeUndefined();
  });

  test("a message is removed where it waits, and on the wire when its attempt fails", async () => {
    const [first, second] = [await submit(), await submit()];
    expect(await scheduler.removeMessage(submissionQueue, second, false)).toBe("done");
    expect(await scheduler.removeMessage(submissionQueue, second, false)).toBe("missing");
    expect(await scheduler.removeMessage(submissionQueue, first, false)).toBe("pending");
    expect(scheduler.pendingOn(submissionQueue, first)).toBe("PendingRemove");
    await end(() => refused);
    expect(spool.size).toBe(0);
    expect(told("DROP")).toEqual([
      [second, "ADMIN"],
      [first, "ADMIN"],
    ]);
    expect(told("FAIL")).toEqual([]);
  });

  test("the sender of a removed message is told when that is wanted", async () => {
    await submit();
    const second = await submit();
    await scheduler.removeMessage(submissionQueue, second, true);
    await clock.advance(0);
    expect(told("DSN")).toEqual([[second, "DSN"]]);
  });

  test("Retry-Queue -Resubmit and a retry of the queue leave suspended messages alone", async () => {
    const id = await submit();
    await end(() => refused);
    expect(await scheduler.suspendMessage(queue, id, true)).toBe("done");
    expect(await scheduler.resubmit(queue)).toBe(0);
    scheduler.retryNow();
    await clock.advance(60 * minute);
    expect(onWire()).toEqual([]);
    expect(await placesOf(id)).toEqual([[queue, true, false]]);
  });

  test("suspended messages move with a queue that is gone, report delays, stay suspended, and expire", async () => {
    const id = await submit();
    await end(() => refused);
    await scheduler.suspendMessage(queue, id, true);
    await scheduler.reconfigure(schedulerSettings({ ...out, dropDirectory: "/other" }));
    expect(await placesOf(id)).toEqual([[submissionQueue, true, false]]);
    await clock.advance(250 * minute);
    expect((await spool.find(id))?.places[0]?.recipients[0]).toMatchObject({
      delayReported: true,
      suspended: true,
    });
    await clock.advance(2880 * minute);
    expect(await spool.find(id)).toBeUndefined();
    expect(told("EXPIRE")).toEqual([[id, "QUEUE"]]);
  });

  test("a message is tried at once: on disk and put off, in memory, behind a queue in Retry", async () => {
    const [first, second, third] = [await submit(), await submit(), await submit()];
    expect(await scheduler.retryMessage(submissionQueue, first)).toBe("unchanged");
    expect(await scheduler.retryMessage(submissionQueue, third)).toBe("done");
    await end((claim) => attempted(claim, "transient", "4.2.1"));
    expect(onWire()).toEqual([third]);
    expect(await scheduler.retryMessage(queue, first)).toBe("done");
    await end(() => refused);
    await clock.advance(0);
    expect(onWire()).toEqual([]);
    expect(scheduler.snapshot().find((one) => one.queue === queue)?.status).toBe("Retry");
    const places = await placesOf(second);
    expect(await scheduler.retryMessage(String(places?.[0]?.[0]), second)).toBe("done");
    await clock.advance(0);
    expect(onWire()).toEqual([second]);
    await end(delivered);
    await end(delivered);
    // It was put off by its next hop, and the queue failed before its turn came.
    expect(await placesOf(first)).toEqual([[queue, false, false]]);
    expect(spool.size).toBe(1);
  });

  test("what is suspended, or stands in a suspended queue, is not tried", async () => {
    const [first, second] = [await submit(), await submit()];
    await end(() => refused);
    const [place] = (await placesOf(first)) ?? [];
    await scheduler.suspendMessage(String(place?.[0]), first, true);
    expect(await scheduler.retryMessage(String(place?.[0]), first)).toBe("passed");
    scheduler.suspend(queue, true);
    expect(await scheduler.retryMessage(queue, second)).toBe("passed");
    expect(await scheduler.retryMessage("nowhere", second)).toBe("missing");
    expect(onWire()).toEqual([]);
    // It is still to be had by who resumes it.
    expect(await scheduler.suspendMessage(String(place?.[0]), first, false)).toBe("done");
  });

  test("what no connector took is routed again when it is tried", async () => {
    await scheduler.reconfigure(schedulerSettings());
    const id = await submit();
    await clock.advance(0);
    expect(await placesOf(id)).toEqual([[unreachableQueue, false, false]]);
    expect(await scheduler.retryMessage(unreachableQueue, id)).toBe("done");
    await clock.advance(1000);
    expect(await placesOf(id)).toEqual([[unreachableQueue, false, false]]);
    expect(scheduler.snapshot().find((one) => one.queue === unreachableQueue)?.messages).toBe(1);
  });

  test("a message is moved to another connector from memory, from disk and from the wire", async () => {
    const alternative = { ...out, name: "Alt", dropDirectory: "/alt", addressSpaces: [] };
    await scheduler.reconfigure(schedulerSettings(out, alternative));
    scheduler.suspend("Alt;/alt", true);
    const [first, second, third] = [await submit(), await submit(), await submit()];
    expect(await scheduler.redirectMessage(submissionQueue, first, "Alt;/alt")).toBe("pending");
    expect(await scheduler.redirectMessage(submissionQueue, second, "Alt;/alt")).toBe("done");
    await end((claim) => attempted(claim, "transient", "4.2.1"));
    await end(() => refused);
    await clock.advance(0);
    expect(await scheduler.redirectMessage(queue, third, "Alt;/alt")).toBe("done");
    for (const id of [first, second, third]) expect(await placesOf(id)).toEqual([["Alt;/alt", false, false]]);
    expect(await scheduler.redirectMessage("Alt;/alt", third, "Alt;/alt")).toBe("unchanged");
    await expect(scheduler.redirectMessage("Alt;/alt", third, "None;/d")).rejects.toThrow("None;/d");
    scheduler.suspend("Alt;/alt", false);
    await clock.advance(1000);
    expect(onWire()).toEqual([first]);
    expect(wire[0]?.claim.recipients[0]).toMatchObject({ attempts: 1 });
  });

  test("a host that cannot be reached is told of each message that met it", async () => {
    const [first, second] = [await submit(), await submit()];
    await end(() => refused);
    const third = await submit();
    await clock.advance(0);
    expect(told("DEFER")).toEqual([
      [first, "SMTP"],
      [second, "SMTP"],
      [third, "SMTP"],
    ]);
    expect(tracked.find(({ eventId }) => eventId === "DEFER")).toMatchObject({
      status: "connect ECONNREFUSED",
      host: "10.0.0.9",
      connector: "Out",
      recipients: ["b@x.test"],
    });
  });
});
