/** The spool seen from the scheduler: claims that others take over, mail that nobody knows of, results that stay unwritten. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import { createEventLog } from "../../events/event-log.ts";
import type { EventRecord } from "../../events/events.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { createLosingSpool, type LosingSpool } from "../../testing/losing-spool.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import type { Claim } from "../../spool/spool.ts";
import type { AttemptResult } from "./delivery.ts";
import type { Scheduler } from "./scheduler-contract.ts";
import { createScheduler } from "./scheduler.ts";

const hour = 3_600_000;
const concurrency = 2;
const out: SendConnectorSettings = {
  kind: "drop",
  name: "Out",
  enabled: true,
  comment: "",
  dropDirectory: "/d",
  maxMessageSize: 1_000_000,
  addressSpaces: [{ domain: "", subdomains: true, cost: 1 }],
};
const verdict = { status: "5.1.1", text: "550 5.1.1 unknown", fromPeer: true };
const outcome = (kind: "delivered" | "permanent") => (claim: Claim) =>
  ({
    kind: "attempted",
    host: "mx.example",
    outcomes: claim.recipients.map(({ index }) => ({ kind, index, verdict, dsnRelayed: false })),
  }) satisfies AttemptResult;
const delivered = outcome("delivered");
const failed = outcome("permanent");
const unreachable: AttemptResult = {
  kind: "unreachable",
  host: "mx.example",
  verdict: { status: "4.4.1", text: "connect ECONNREFUSED", fromPeer: false },
};

let clock: FakeClock;
let spool: LosingSpool;
let scheduler: Scheduler;
let told: EventRecord[];
/** Attempts on the wire, in order; the test ends them. */
let wire: { readonly claim: Claim; readonly end: (result: AttemptResult) => void }[];

beforeEach(() => {
  clock = createFakeClock();
  spool = createLosingSpool({ clock });
  told = [];
  wire = [];
  const events = createEventLog({ clock, levels: { DSN: "Expert" } });
  events.subscribe((record) => told.push(record));
  scheduler = createScheduler({
    spool,
    settings: schedulerSettings(out),
    ports: { clock, random: () => 0.5 },
    events,
    carrierFor: () => ({
      concurrency,
      carry: (claim) => new Promise((end) => wire.push({ claim, end })),
      close: async () => {
        for (const { end } of wire) end({ kind: "aborted" });
      },
    }),
  });
  scheduler.start();
});
afterEach(async () => {
  await Promise.all([scheduler.stop(0), clock.advance(2000)]);
  expect(clock.pendingTimers).toBe(0);
  expect(told.filter(({ name }) => name === "RelayFault")).toEqual([]);
});

async function submit(count: number): Promise<number[]> {
  const ids: number[] = [];
  for (let n = 0; n < count; n++) {
    const draft = spool.begin();
    draft.write(Buffer.from("Subject: x\r\n\r\nbody\r\n"));
    ids.push(draft.id);
    await spool
      .accept(
        draft,
        { reversePath: "a@s.test", recipients: [{ forwardPath: "b@x.test" }], body: "7BIT", smtpUtf8: false },
        { connector: "In", sourceAddress: "127.0.0.1", helloName: "app.test", sessionId: "1" },
        { dotLines: 0, eightBit: false, headerEightBit: false, endsWithCrlf: true },
      )
      .catch(() => undefined);
  }
  await clock.advance(0);
  return ids;
}
async function answer(at: number, result: (claim: Claim) => AttemptResult): Promise<void> {
  const { claim, end: finish } = wire[at] as (typeof wire)[number];
  finish(result(claim));
  await clock.advance(0);
}
const lost = () => told.filter(({ name }) => name === "ClaimLost").map(({ fields }) => fields["id"]);
const carried = () => wire.map(({ claim }) => claim.message.id);
const finish = (claims: readonly Claim[]) =>
  Promise.all(
    claims.map((claim) =>
      spool.settle(
        claim,
        claim.recipients.map(({ index }) => ({ kind: "done", index })),
      ),
    ),
  );

test("what others took over is dropped from memory, and what is on the wire is told as lost", async () => {
  const ids = await submit(10);
  expect(carried()).toEqual(ids.slice(0, concurrency));
  const others = await spool.lose();
  expect(others).toHaveLength(10);
  // While the other attempt goes on, this one would be tried again at once.
  await answer(1, () => unreachable);
  await answer(0, delivered);
  await clock.advance(hour);
  expect(carried()).toEqual(ids.slice(0, concurrency));
  expect(lost()).toEqual([ids[0]]);
  expect(spool.size).toBe(10);
  await finish(others);
  const fresh = await submit(1);
  expect(carried().slice(concurrency)).toEqual(fresh);
  await answer(concurrency, delivered);
  expect([spool.size, scheduler.running]).toEqual([0, 0]);
});

test("a report on what others hold is not sent, and its message stays theirs", async () => {
  const [id] = await submit(1);
  const others = await spool.lose("untold");
  await answer(0, failed);
  expect(lost()).toEqual([id]);
  expect(told.filter(({ name }) => name === "DsnSent")).toEqual([]);
  expect(spool.size).toBe(1);
  await finish(others);
  expect(spool.size).toBe(0);
});

test("what others give back is delivered, untold losses too", async () => {
  const ids = await submit(5);
  const others = await spool.lose("untold");
  for (const claim of others) spool.release(claim);
  await answer(0, delivered);
  await answer(1, delivered);
  for (let at = 2; at < wire.length; at++) await answer(at, delivered);
  for (let minute = 0; minute < 10; minute++) {
    await clock.advance(60_000);
    for (let at = 0; at < wire.length; at++) await answer(at, delivered);
  }
  expect(spool.size).toBe(0);
  expect(new Set(carried())).toEqual(new Set(ids));
  expect(lost()).toEqual(ids);
});

test("an administrator's wish for a message that others hold is refused for now", async () => {
  const [, , waiting] = await submit(3);
  const queue = scheduler.snapshot().find(({ connector }) => connector === "Out")?.queue ?? "";
  const place = (await spool.find(waiting as number))?.places[0]?.queue ?? queue;
  await spool.lose();
  expect(await scheduler.suspendMessage(place, waiting as number, true)).toBe("busy");
  expect(await scheduler.removeMessage(place, waiting as number, false)).toBe("busy");
  expect(spool.size).toBe(3);
});

test("mail whose acceptance was undecided is delivered once", async () => {
  spool.leaveUndecided();
  const [id] = await submit(1);
  expect(carried()).toEqual([id]);
  await answer(0, delivered);
  expect(spool.size).toBe(0);
});

test("a stop ends though a result cannot be written", async () => {
  await submit(1);
  vi.spyOn(spool, "settle").mockReturnValue(new Promise(() => undefined));
  await answer(0, delivered);
  let stopped = false;
  void scheduler.stop(0).then(() => (stopped = true));
  await clock.advance(10_000);
  expect(stopped).toBe(true);
});
