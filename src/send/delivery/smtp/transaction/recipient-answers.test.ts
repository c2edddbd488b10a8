import { expect, test } from "vitest";
import { testClaim } from "../../../../testing/test-claim.ts";
import { createJob, type Job } from "../job/job.ts";
import { RecipientAnswers } from "./recipient-answers.ts";

const verdict = { status: "2.0.0", text: "250 ok", fromPeer: true };

/** Five recipients of which four are asked for, with these answers; the fifth is for a later transaction. */
function answered(...lines: readonly string[]) {
  const job = createJob(testClaim({ recipients: ["a@b", "b@b", "c@b", "d@b", "e@b"] }), () => undefined);
  const asked = job.recipients.slice(0, 4);
  const answers = new RecipientAnswers("mx", job.recipients.slice(4));
  const taken = lines.map((line, n) =>
    answers.hear(asked[n]!, { code: Number(line.slice(0, 3)), text: line.slice(4) }, "app@a.test"),
  );
  return { job, answers, asked, taken };
}
const told = (job: Job) => ({
  outcomes: job.outcomes.map(({ kind, index }) => `${kind} ${index}`),
  deferred: job.deferred.map(({ state }) => state.index),
  left: job.recipients.map(({ index }) => index),
});
const mixed = ["250 ok", "550 no", "450 later", "452 4.5.3 too many"] as const;

test("each answer is heard for what it says", () => {
  const { answers, taken } = answered(...mixed);
  expect(taken).toEqual([true, true, true, true]);
  expect(answers.accepted.map(({ index }) => index)).toEqual([0]);
  expect([answers.anyTransient, answers.mostAtOnce]).toEqual([true, 1]);
  expect(answered("354 go on").taken).toEqual([false]);
  const none = answered("250 ok", "550 no").answers;
  expect([none.anyTransient, none.mostAtOnce]).toEqual([false, undefined]);
});

test("too many before any was taken is a transient failure", () => {
  const { answers, job } = answered("452 4.5.3 too many", "552 too many recipients");
  expect([answers.anyTransient, answers.mostAtOnce]).toEqual([true, undefined]);
  answers.nobody(job);
  expect(told(job)).toEqual({ outcomes: ["permanent 1"], deferred: [0], left: [4] });
});

test("delivered: the accepted have it, those without room stay in the job", () => {
  const { answers, job } = answered(...mixed);
  answers.delivered(job, verdict, true, "clear");
  expect(told(job)).toEqual({ outcomes: ["delivered 0", "permanent 1"], deferred: [2], left: [3, 4] });
  expect(job.outcomes[0]).toMatchObject({ verdict, dsnRelayed: true, host: "mx" });
  expect(job.outcomes[1]).toMatchObject({ verdict: { text: "550 no" }, host: "mx" });
  expect(job.deferred[0]).toMatchObject({ verdict: { text: "450 later" }, host: "mx" });
});

test("refused: the accepted fail", () => {
  const { answers, job } = answered(...mixed);
  answers.refused(job, verdict);
  expect(told(job)).toEqual({ outcomes: ["permanent 1", "permanent 0"], deferred: [2], left: [3, 4] });
});

test("deferred: all but the refused are put off", () => {
  const { answers, job } = answered(...mixed);
  answers.deferred(job, verdict);
  expect(told(job)).toEqual({ outcomes: ["permanent 1"], deferred: [2, 0, 3, 4], left: [] });
});

test("once more: all who were not refused", () => {
  const { answers, job } = answered(...mixed);
  answers.onceMore(job);
  expect(told(job)).toEqual({ outcomes: ["permanent 1"], deferred: [2], left: [0, 3, 4] });
});

test("broken off before the end: who has no answer is put off as well", () => {
  const { answers, job, asked } = answered("250 ok", "550 no");
  answers.broken(job, asked, verdict, false);
  expect(told(job)).toEqual({ outcomes: ["permanent 1"], deferred: [0, 2, 3, 4], left: [] });
});

test("broken off behind the whole content: who was not refused may have it", () => {
  const { answers, job, asked } = answered(...mixed);
  answers.broken(job, asked, verdict, true);
  expect(told(job)).toEqual({ outcomes: ["transient 0", "permanent 1"], deferred: [2, 3, 4], left: [] });
  expect(job.outcomes[0]).toMatchObject({ unconfirmed: true, verdict, host: "mx" });
});
