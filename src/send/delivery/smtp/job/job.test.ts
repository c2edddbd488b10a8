import { describe, expect, test } from "vitest";
import { testClaim } from "../../../../testing/test-claim.ts";
import type { AttemptResult } from "../../delivery.ts";
import { createPeerMemory } from "../peer/peer.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import { conclude, resolveJob, unreachable } from "./concluding.ts";
import {
  anyoneLeft,
  createJob,
  decideDeferred,
  decideRest,
  mayServe,
  passOver,
  putOff,
  putToOtherFamily,
  recall,
  type Job,
} from "./job.ts";

const memory = createPeerMemory();
const [one, two] = ["one.test", "two.test"].map((host) => memory.host({ host, port: 25 })) as [
  ReturnType<typeof memory.host>,
  ReturnType<typeof memory.host>,
];
const [peer, other] = [memory.peer(one, "192.0.2.1"), memory.peer(two, "192.0.2.2")];
const busy = { status: "4.2.1", text: "450 4.2.1 busy", fromPeer: true };
const unfit = { status: "5.6.7", text: "550 5.6.7 no SMTPUTF8", fromPeer: false };

function begun(recipients: readonly string[] = ["a@b.test", "b@b.test"], reversePath = "app@a.test") {
  const results: AttemptResult[] = [];
  const claim = testClaim({ recipients, envelope: { reversePath } });
  const job = createJob(claim, (result) => void results.push(result));
  return { job, results };
}
const indexes = (job: Job): number[] => job.recipients.map(({ index }) => index);
const told = (job: Job) => job.outcomes.map(({ kind, index, host }) => [kind, index, host]);

describe("a job begins", () => {
  test("with all whom a command can name", () => {
    const { job } = begun(["a@b.test", "b\n@b.test", "c@b.test"]);
    expect(indexes(job)).toEqual([0, 2]);
    expect(job.outcomes).toMatchObject([{ kind: "permanent", index: 1, verdict: { status: "5.1.3" } }]);
  });

  test("with nobody when the sender cannot be named", () => {
    const { job } = begun(["a@b.test", "b@b.test"], "a\r@b.test");
    expect(indexes(job)).toEqual([]);
    expect(job.outcomes).toMatchObject([
      { index: 0, verdict: { status: "5.1.7" } },
      { index: 1, verdict: { status: "5.1.7" } },
    ]);
  });

  test("without a recipient that its envelope does not hold", () => {
    const claim = testClaim();
    const stray = { ...claim, recipients: [{ index: 5, attempts: 0, delayReported: false }] };
    const job = createJob(stray, () => undefined);
    expect([indexes(job), told(job)]).toEqual([[], [["permanent", 5, undefined]]]);
  });

  test.each([
    [["a@b.test"], "app@a.test", true],
    [["a@b.test", "ü@b.test"], "app@a.test", false],
    [["a@b.test"], "ü@a.test", false],
  ])("knowing whether %j from %s are ASCII: %s", (recipients, reversePath, ascii) => {
    expect(begun(recipients, reversePath).job.asciiPaths).toBe(ascii);
  });
});

test("who is put off is served by another peer, with a second try of its own", () => {
  const { job } = begun();
  job.retried = true;
  putOff(job, busy, peer);
  passOver(job, peer);
  passOver(job, other);
  expect([indexes(job), job.asked]).toEqual([[], [peer, other]]);
  expect(job.deferred).toMatchObject([
    { state: { index: 0 }, verdict: busy, host: "one.test" },
    { state: { index: 1 }, verdict: busy, host: "one.test" },
  ]);
  recall(job);
  expect([indexes(job), job.deferred, job.before.length, job.retried]).toEqual([[0, 1], [], 2, false]);
});

test("what is decided is decided once", () => {
  const { job } = begun();
  putOff(job, busy, peer);
  decideDeferred(job);
  decideDeferred(job);
  decideRest(job, "permanent", unfit, "x");
  expect(told(job)).toEqual([
    ["transient", 0, "one.test"],
    ["transient", 1, "one.test"],
  ]);
  const rest = begun().job;
  decideRest(rest, "permanent", unfit, "x");
  decideRest(rest, "permanent", unfit, "x");
  expect([told(rest), indexes(rest)]).toEqual([
    [
      ["permanent", 0, "x"],
      ["permanent", 1, "x"],
    ],
    [],
  ]);
});

describe("a job ends", () => {
  const refused = new SmtpClientError("refused", "connection refused");

  test("aborted as long as nothing was decided", () => {
    const { job, results } = begun();
    resolveJob(job, "aborted", "one.test");
    expect(results).toEqual([{ kind: "aborted" }]);
    const some = begun();
    putOff(some.job, busy, peer);
    resolveJob(some.job, "aborted", "one.test");
    expect(some.results).toMatchObject([
      { kind: "attempted", host: "one.test", outcomes: [{ index: 0 }, { index: 1 }] },
    ]);
  });

  test("as the last one said, for those who were called back", () => {
    const { job, results } = begun();
    putOff(job, busy, peer);
    recall(job);
    conclude(job, [one, two], "two.test", refused);
    expect(results).toMatchObject([
      {
        host: "two.test",
        outcomes: [
          { kind: "transient", index: 0, verdict: busy, host: "one.test" },
          { kind: "transient", index: 1, verdict: busy, host: "one.test" },
        ],
      },
    ]);
  });

  test.each([
    ["every host has said so", [peer, other], true, "permanent", unfit.text, "one.test"],
    ["a host was not heard", [peer], true, "transient", "two.test cannot be reached", "two.test"],
    ["no host said so", [peer, other], false, "transient", "two.test cannot be reached", "two.test"],
  ])("unfit for good when %s", (_, asked, isUnfit, kind, text, host) => {
    const { job, results } = begun(["a@b.test"]);
    job.asked = asked;
    if (isUnfit) job.unfit = { verdict: unfit, host: "one.test" };
    conclude(job, [one, two], "two.test");
    expect(results).toMatchObject([{ outcomes: [{ kind, verdict: { text }, host }] }]);
  });

  test("by the error, where there is one", () => {
    const { job, results } = begun(["a@b.test"]);
    conclude(job, [one], "one.test", refused);
    expect(results).toMatchObject([
      { outcomes: [{ kind: "transient", verdict: { text: "connection refused" } }] },
    ]);
  });

  test("as the queue's failure when nobody was reached and nothing decided", () => {
    const { job, results } = begun();
    unreachable(job, [one], "one.test", refused, false);
    expect(results).toEqual([{ kind: "unreachable", host: "one.test", verdict: refused.verdict }]);
    const tls = begun();
    unreachable(tls.job, [one], "one.test", refused, true);
    expect(tls.results).toMatchObject([{ kind: "unreachable", tlsRequired: true }]);
  });

  test.each<[string, (job: Job) => void]>([
    ["decided", (job) => decideRest(job, "permanent", unfit, "x")],
    ["put off", (job) => putOff(job, busy, peer)],
    ["asked", (job) => passOver(job, peer)],
  ])("not as that when something was %s", (_, change) => {
    const { job, results } = begun();
    change(job);
    unreachable(job, [one], "one.test", refused, false);
    expect(results).toMatchObject([{ kind: "attempted" }]);
  });
});

test("somebody may be left", () => {
  const [a, b] = [memory.peer(one, "192.0.2.11"), memory.peer(one, "192.0.2.12")];
  const six = memory.peer(two, "2001:db8::2");
  const host = (peers: readonly (typeof a)[] | undefined) => ({ ...one, peers });
  const asked = (...those: readonly (typeof a)[]) => ({ asked: those, mostAsked: 3, onlyFamily: undefined });
  expect(anyoneLeft(asked(), [])).toBe(false);
  expect(anyoneLeft(asked(), [host(undefined)])).toBe(true);
  expect(anyoneLeft(asked(a, b), [host([a, b])])).toBe(false);
  expect(anyoneLeft(asked(a), [host([a]), host([b])])).toBe(true);
  expect(anyoneLeft(asked(a, b, six), [host([a]), host(undefined)])).toBe(false);
});

describe("a sender refused at one family", () => {
  const six = memory.peer(one, "2001:db8::1");
  const otherSix = memory.peer(two, "2001:db8::2");
  const refusal = { status: "5.7.1", text: "550 5.7.1 no IPv6", fromPeer: true };

  test("is put to the other, once, and refused where nobody of it takes it", () => {
    one.peers = [six, peer];
    const { job } = begun();
    expect(putToOtherFamily(job, refusal, six)).toBe(true);
    expect([job.recipients.length, job.deferred.length]).toEqual([0, 2]);
    expect([six, otherSix, peer, other].map((each) => mayServe(job, each))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    recall(job);
    expect(putToOtherFamily(job, refusal, peer)).toBe(false);
    conclude(job, [one], one.name);
    expect(told(job)).toEqual([
      ["permanent", 0, "one.test"],
      ["permanent", 1, "one.test"],
    ]);
  });

  test("is believed where the host has no other", () => {
    one.peers = [six];
    const { job } = begun();
    expect(putToOtherFamily(job, refusal, six)).toBe(false);
    one.peers = undefined;
    expect(putToOtherFamily(job, refusal, six)).toBe(false);
    expect(indexes(job)).toEqual([0, 1]);
  });
});
