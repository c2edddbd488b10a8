import { expect, test } from "vitest";
import { testClaim } from "../../../../testing/test-claim.ts";
import { createJob, type Job } from "../job/job.ts";
import { createPeerMemory, type Peer } from "../peer/peer.ts";
import { WaitingJobs } from "./waiting-jobs.ts";

const memory = createPeerMemory();
const host = memory.host({ host: "mx.test", port: 25 });
const [a, b, c] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((address) => memory.peer(host, address)) as [
  Peer,
  Peer,
  Peer,
];
const job = (...asked: readonly Peer[]): Job =>
  Object.assign(
    createJob(testClaim(), () => undefined),
    { asked },
  );

test("in the order they came, those put back first", () => {
  const waiting = new WaitingJobs();
  const [one, two, three] = [job(), job(), job()];
  waiting.addLast(one);
  waiting.addLast(two);
  waiting.addFirst(three);
  expect([waiting.count, waiting.wantAny, waiting.wantFresh, waiting.wantElsewhere]).toEqual([3, 3, 0, 0]);
  expect(waiting.first).toBe(three);
  expect([
    waiting.nextFor(a, false),
    waiting.nextFor(a, true),
    waiting.nextFor(a, false),
    waiting.nextFor(a, false),
  ]).toEqual([three, one, two, undefined]);
  expect([waiting.count, waiting.first]).toEqual([0, undefined]);
});

test("who wants a new connection gets no other, until none is to be had", () => {
  const waiting = new WaitingJobs();
  const [fresh, askedBefore, usual] = [job(), job(a), job()];
  waiting.addFresh(askedBefore);
  waiting.addFresh(fresh);
  waiting.addLast(usual);
  expect([waiting.wantAny, waiting.wantFresh, waiting.first]).toEqual([3, 2, askedBefore]);
  expect(waiting.nextFor(a, true)).toBe(fresh);
  expect(waiting.nextFor(a, false)).toBe(usual);
  expect(waiting.nextFor(a, false)).toBeUndefined();
  expect(waiting.nextFor(b, false)).toBeUndefined();
  expect(waiting.nextFor(b, true)).toBe(askedBefore);
  waiting.addFresh(askedBefore);
  waiting.addFresh(fresh);
  waiting.addLast(usual);
  waiting.giveUpFresh();
  expect([waiting.wantFresh, waiting.wantElsewhere, waiting.wantAny]).toEqual([0, 1, 2]);
  expect([waiting.nextFor(a, false), waiting.nextFor(b, false), waiting.nextFor(b, false)]).toEqual([
    fresh,
    askedBefore,
    usual,
  ]);
});

test("who was put off by a peer goes to another, before others", () => {
  const waiting = new WaitingJobs();
  const [putOff, usual] = [job(a), job()];
  waiting.addLast(usual);
  waiting.addElsewhere(putOff);
  expect([waiting.count, waiting.wantAny, waiting.wantElsewhere]).toEqual([2, 1, 1]);
  expect([waiting.wouldHelp(a), waiting.wouldHelp(b)]).toEqual([false, true]);
  expect(waiting.nextFor(a, false)).toBe(usual);
  expect(waiting.first).toBe(putOff);
  expect(waiting.nextFor(b, false)).toBe(putOff);
  expect(waiting.wouldHelp(b)).toBe(false);
});

test("who waits for nobody that is left is taken out", () => {
  const waiting = new WaitingJobs();
  const [one, both] = [job(a), job(a, b)];
  expect([waiting.anyStranded([]), waiting.takeStranded([])]).toEqual([false, []]);
  waiting.addElsewhere(one);
  waiting.addElsewhere(both);
  expect([waiting.anyStranded([a, b]), waiting.anyStranded([a])]).toEqual([true, true]);
  expect(waiting.takeStranded([a, b, c])).toEqual([both]);
  expect([waiting.wantElsewhere, waiting.anyStranded([b])]).toEqual([1, false]);
  expect(waiting.takeStranded([b])).toEqual([]);
  expect(waiting.takeStranded([])).toEqual([one]);
});

test("all at once", () => {
  const waiting = new WaitingJobs();
  const [fresh, usual, putOff] = [job(), job(), job(a)];
  waiting.addElsewhere(putOff);
  waiting.addLast(usual);
  waiting.addFresh(fresh);
  expect([waiting.takeAll(), waiting.count, waiting.takeAll()]).toEqual([[fresh, usual, putOff], 0, []]);
});
