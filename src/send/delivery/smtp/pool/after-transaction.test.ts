import { describe, expect, test } from "vitest";
import { testClaim } from "../../../../testing/test-claim.ts";
import type { AttemptResult } from "../../delivery.ts";
import { createJob, decideRest, putOff, type Job } from "../job/job.ts";
import { createPeerMemory } from "../peer/peer.ts";
import type { TransactionEnd } from "../transaction/transaction-contract.ts";
import { afterTransaction } from "./after-transaction.ts";

const memory = createPeerMemory();
const host = memory.host({ host: "mx.test", port: 25 });
const [peer, other] = [memory.peer(host, "192.0.2.1"), memory.peer(host, "192.0.2.2")];
const hosts = [{ ...host, peers: [peer, other] }];
const verdict = { status: "4.2.1", text: "450 4.2.1 busy", fromPeer: true };
const unsent = (free: boolean): TransactionEnd => ({ kind: "unsent", verdict, free, leaving: false });
const ended = (elsewhere: boolean): TransactionEnd => ({ kind: "completed", elsewhere });

function after(end: TransactionEnd, change: (job: Job) => void = () => undefined, closing = false) {
  const results: AttemptResult[] = [];
  const job = createJob(testClaim({ recipients: ["a@b.test", "b@b.test"] }), (one) => void results.push(one));
  change(job);
  const step = afterTransaction(job, end, peer, hosts, closing);
  return { step, job, result: results[0] };
}
const decided = (job: Job): void => decideRest(job, "permanent", verdict, "mx.test");
const deferred = (job: Job): void => putOff(job, verdict, peer);

describe("content that cannot be read", () => {
  test("is the message's end when nothing was decided, else it stays for the next look", () => {
    const damaged: TransactionEnd = { kind: "damaged", what: "checksum" };
    expect(after(damaged)).toMatchObject({ step: "over", result: { kind: "damaged", what: "checksum" } });
    expect(after(damaged, decided)).toMatchObject({
      step: "over",
      result: { kind: "attempted", outcomes: [{}, {}] },
    });
  });
});

test.each<[string, TransactionEnd, boolean]>([
  ["an abort", { kind: "aborted" }, false],
  ["anything, when nothing is begun any more", unsent(true), true],
])("%s gives the job back", (_, end, closing) => {
  expect(after(end, undefined, closing)).toMatchObject({ step: "over", result: { kind: "aborted" } });
  expect(after(end, decided, closing)).toMatchObject({ step: "over", result: { kind: "attempted" } });
});

test("a connection that is worn out gives way to a new one", () => {
  const { step, job, result } = after({ kind: "wornOut", verdict });
  expect([step, job.retried, result]).toEqual(["newConnection", false, undefined]);
});

describe("a transaction that was lost", () => {
  test("is tried once more, and once more only, unless that costs nothing", () => {
    expect(after(unsent(false))).toMatchObject({ step: "newConnection", job: { retried: true } });
    expect(after(unsent(true))).toMatchObject({ step: "newConnection", job: { retried: false } });
    const again = (job: Job): void => void (job.retried = true);
    expect(after(unsent(true), again)).toMatchObject({ step: "newConnection" });
  });

  test("twice goes to another peer, as long as there is one", () => {
    const again = (job: Job): void => void (job.retried = true);
    const { step, job } = after(unsent(false), again);
    expect([step, job.recipients.length, job.before.length, job.retried]).toEqual([
      "anotherPeer",
      2,
      2,
      false,
    ]);
    const last = after(unsent(false), (one) => {
      again(one);
      one.asked = [other];
    });
    expect(last).toMatchObject({
      step: "over",
      result: { kind: "attempted", outcomes: [{ kind: "transient" }, {}] },
    });
  });
});

test("who found no room in it follows in a transaction of their own", () => {
  const { step, job } = after(ended(true), (one) => void (one.retried = true));
  expect([step, job.retried]).toEqual(["next", false]);
});

test("all decided is the end", () => {
  expect(after(ended(true), decided)).toMatchObject({
    step: "over",
    result: { kind: "attempted", host: "mx.test" },
  });
});

test.each([
  [true, "anotherPeer"],
  [false, "over"],
])("who was put off may go elsewhere: %s", (elsewhere, step) => {
  const found = after(ended(elsewhere), deferred);
  expect(found.step).toBe(step);
  expect(found.result === undefined).toBe(elsewhere);
});
