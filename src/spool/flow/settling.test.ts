/** Ends of claims with their reports: what is written first, what is tried again, what is given up. */
import { describe, expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { testClaim } from "../../testing/test-claim.ts";
import type { LiveClaim } from "../messages/live-message.ts";
import { comingIn } from "../messages/coming-in.ts";
import type { RecipientChange, Report } from "../spool.ts";
import { createSettle } from "./settling.ts";

const inlineLimitBytes = 100;
const report = (octets: number): Report => ({
  envelope: { reversePath: "", recipients: [{ forwardPath: "app@a.test" }], body: "7BIT", smtpUtf8: false },
  content: Buffer.alloc(octets, "x\r\n"),
  origin: { connector: "DSN", sourceAddress: "", helloName: "relay.test", sessionId: "" },
});
const done: readonly RecipientChange[] = [{ index: 0, kind: "done" }];

/** `finishes`: what becomes of each body's file in turn; at first they are written. */
function setup(finishes: readonly ("full" | "gone")[] = []) {
  const clock = createFakeClock();
  const coming = comingIn(0);
  const log: string[] = [];
  const faults: string[] = [];
  const made: { readonly crc: number | undefined; readonly octets: number; readonly id: number }[] = [];
  const claim = testClaim();
  const entry = { queue: claim.queue, dueAt: 0 };
  const live = {
    gone: false,
    message: claim.message,
    entries: [entry, { queue: "another", dueAt: 0 }],
    recipients: claim.recipients.map((recipient) => ({ ...recipient, queue: claim.queue, dueAt: 0 })),
  };
  const held = { ...claim, live, ended: false, freshBytes: 0 } as unknown as LiveClaim;
  const group = { closed: false };
  let durable: () => void = () => undefined;
  const written = new Promise<void>((resolve) => (durable = resolve));
  let body = 0;
  const settle = createSettle({
    clock,
    inlineLimitBytes,
    bodies: {
      begin: () => ({
        write: () => true,
        finish: () => {
          const what = finishes[body++];
          log.push(`body ${what ?? "written"}`);
          if (what === "full") return Promise.reject(new Error("ENOSPC"));
          if (what === "gone") live.gone = true;
          return Promise.resolve(77);
        },
      }),
      remove: () => {
        log.push("body removed");
        return Promise.resolve();
      },
    } as never,
    group: group as never,
    comingIn: coming,
    claims: {
      end: () => void log.push("claim ended"),
      makeClaimable: (_: unknown, { queue }: { queue: string }) => void log.push(`claimable in ${queue}`),
    } as never,
    change: ((_: unknown, recipients: readonly unknown[], writes: readonly unknown[]) => {
      log.push(`change: ${recipients.length} left, ${writes.length} written`);
      return written;
    }) as never,
    arrivals: {
      prepare: ({ id }: { id: number }, content: readonly Buffer[], crc: number | undefined) => {
        made.push({ id, crc, octets: content[0]?.length ?? 0 });
        return { writes: ["record"] };
      },
      arrive: () => void log.push("arrived"),
    } as never,
    onFault: (fault) => void faults.push(fault.message),
  });
  return { settle, clock, coming, log, faults, made, held, live, group, durable: () => durable() };
}

describe("a claim is settled", () => {
  test("in memory at once, and over when it is on disk", async () => {
    const given = setup();
    let outcome: string | undefined;
    void given.settle(given.held, done, [report(10), report(10)]).then((it) => (outcome = it));
    expect(given.log).toEqual(["claim ended", "change: 0 left, 2 written", "claimable in test"]);
    await given.clock.settle();
    expect([outcome, given.log.length]).toEqual([undefined, 3]);
    given.durable();
    await given.clock.settle();
    expect([outcome, given.log.slice(3)]).toEqual(["settled", ["arrived", "arrived"]]);
    expect(given.made).toMatchObject([
      { octets: 10, crc: undefined },
      { octets: 10, crc: undefined },
    ]);
    expect(given.coming.between(0, given.coming.last)).toHaveLength(2);
  });

  test.each<[string, (given: ReturnType<typeof setup>) => void]>([
    ["whose message is gone", ({ live }) => void (live.gone = true)],
    ["that ended before", ({ held }) => void (held.ended = true)],
  ])("not one %s", async (_, change) => {
    const given = setup();
    change(given);
    expect(await given.settle(given.held, done, [])).toBe("lost");
    expect(given.log).toEqual([]);
  });

  test("not when the spool is closed", async () => {
    const given = setup();
    given.group.closed = true;
    await expect(given.settle(given.held, done, [])).rejects.toMatchObject({ code: "closed" });
    expect(given.log).toEqual([]);
  });
});

describe("a report too large for a record", () => {
  test.each([
    [inlineLimitBytes, undefined],
    [inlineLimitBytes + 1, 77],
  ])("of %d octets has a file written before: %j", async (octets, crc) => {
    const given = setup();
    given.durable();
    expect(await given.settle(given.held, done, [report(octets)])).toBe("settled");
    expect(given.made).toEqual([{ id: given.coming.last, octets, crc }]);
    expect(given.log[0]).toBe(crc === undefined ? "claim ended" : "body written");
  });

  test("is written as often as it takes; what was tried before is on its way in no more", async () => {
    const given = setup(["full", "full"]);
    given.durable();
    const settled = given.settle(given.held, done, [report(200)]);
    await given.clock.settle();
    expect([given.held.ended, given.faults]).toEqual([true, ["ENOSPC"]]);
    expect(given.coming.between(0, given.coming.last)).toEqual([]);
    await given.clock.advance(999);
    expect(given.faults).toHaveLength(1);
    await given.clock.advance(1);
    await given.clock.settle();
    expect(given.faults).toHaveLength(2);
    await given.clock.advance(1_000);
    expect(await settled).toBe("settled");
    expect(given.coming.between(0, given.coming.last)).toEqual([given.made[0]?.id]);
  });

  test("is given up when the spool closes meanwhile", async () => {
    const given = setup(["full"]);
    const settled = given.settle(given.held, done, [report(200)]);
    given.group.closed = true;
    await expect(settled).rejects.toMatchObject({ code: "closed" });
    expect(given.clock.pendingTimers).toBe(0);
  });

  test("is removed when the message is gone meanwhile, with what is not needed either", async () => {
    const given = setup(["gone"]);
    expect(await given.settle(given.held, done, [report(200), report(10), report(200)])).toBe("lost");
    expect(given.log).toEqual(["body gone", "body written", "body removed", "body removed"]);
    expect(given.coming.between(0, given.coming.last)).toEqual([]);
  });

  test("of a caller's mistake nothing is begun", async () => {
    const given = setup();
    const twice: readonly RecipientChange[] = [...done, ...done];
    await expect(given.settle(given.held, twice, [report(200)])).rejects.toThrow("twice");
    expect([given.log, given.held.ended]).toEqual([[], false]);
  });
});
