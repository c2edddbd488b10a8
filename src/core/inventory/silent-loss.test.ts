import { expect, test } from "vitest";
import { cameAgain, lossOf, noLoss, settleLoss, wasRefused, type Loss } from "./silent-loss.ts";

const hour = 3_600_000;

/** `r`: refused, `.`: comes in; a blank: a minute goes by. Then so many hours go by. */
function attemptsLost(story: string, hours: number): number {
  const state = noLoss();
  let now = 0;
  for (const step of story) {
    if (step === " ") now += 60_000;
    else {
      now += 10;
      cameAgain(state, now);
      if (step === "r") wasRefused(state, now, "connectionLimit");
    }
  }
  return lossOf(state, now, now + hours * hour)?.attempts ?? 0;
}

test.each([
  ["nobody was refused", "...", 9, 0],
  ["it may still come", "r", 4, 0],
  ["it does not come", "r", 5, 1],
  ["side by side", "..rrr", 5, 3],
  ["it came again", "r .", 9, 0],
  ["it came again, and was refused again", "r r r", 9, 1],
  ["some of them came again", "rrr r .", 9, 2],
  ["all came again in the end", "rrr rrr ...", 9, 0],
  ["who sends on is given the benefit", "rr ....", 9, 0],
])("%s", (_, story, hours, lost) => {
  expect(attemptsLost(story, hours)).toBe(lost);
});

test("who sends all the time is judged a day later", () => {
  const state = noLoss();
  for (let n = 0; n < 30; n++) wasRefused(state, n, "messageRate");
  for (let at = hour; at <= 23 * hour; at += hour) {
    cameAgain(state, at);
    expect(lossOf(state, at, at)).toBeUndefined();
  }
  expect(lossOf(state, 24 * hour, 24 * hour + 29)).toMatchObject({ attempts: 7, kind: "messageRate" });
});

interface Losing {
  loss: ReturnType<typeof noLoss>;
  lost: Loss | undefined;
  lastMs: number;
  lastMessageMs: number;
  messages: number;
}
const refusedOnce = (more: Partial<Losing>, times = 1, kind = "connectionLimit"): Losing => {
  const loss = noLoss();
  for (let n = 0; n < times; n++) wasRefused(loss, hour + n, kind);
  return { loss, lost: undefined, lastMs: hour, lastMessageMs: 0, messages: 1, ...more };
};

test("it stands until mail comes for a day without another refusal, or for a week", () => {
  const sender = refusedOnce({});
  expect(settleLoss(sender, 2 * hour)).toBe(false);
  expect(settleLoss(sender, 7 * hour)).toBe(true);
  expect(sender).toMatchObject({ lost: { attempts: 1, firstMs: hour }, loss: { outstanding: 0, recent: 0 } });
  sender.lastMessageMs = 8 * hour;
  expect(settleLoss(sender, 20 * hour)).toBe(false);
  wasRefused(sender.loss, 24 * hour, "connectionLimit");
  cameAgain(sender.loss, 25 * hour);
  expect(settleLoss(sender, 26 * hour)).toBe(false);
  expect(settleLoss(sender, 49 * hour)).toBe(true);
  expect(sender.lost).toBeUndefined();
  const silent = refusedOnce({});
  settleLoss(silent, 7 * hour);
  expect(settleLoss(silent, 168 * hour)).toBe(false);
  expect(settleLoss(silent, 169 * hour)).toBe(true);
});

test.each([
  ["a known sender", 1, 1, "connectionLimit", true],
  ["who never sent anything, twice", 0, 2, "connectionLimit", false],
  ["who never sent anything, three times", 0, 3, "connectionLimit", true],
  ["whom no connector serves", 0, 30, "noConnector", false],
])("%s", (_, messages, times, kind, isTold) => {
  const sender = refusedOnce({ messages }, times, kind);
  settleLoss(sender, 9 * hour);
  expect(sender.lost !== undefined).toBe(isTold);
});
