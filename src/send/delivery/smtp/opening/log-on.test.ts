import { expect, it } from "vitest";
import type { ReplyTreatment } from "../../../../core/policy/reply-policy.ts";
import { holdAfterRefusal } from "./log-on.ts";

const minute = 60_000;
const hold: ReplyTreatment = {
  kind: "hold",
  scope: "queue",
  retryAfterMs: 7 * minute,
  advice: "wait",
  tellFrom: 2,
};

it("a mailbox that may not log on waits five minutes, and it is told at once", () => {
  expect(holdAfterRefusal(undefined)).toMatchObject({
    scope: "mailbox",
    retryAfterMs: 5 * minute,
    tellFrom: 1,
  });
});
it("what the reply policy says of the refusal goes first", () => {
  expect(holdAfterRefusal(hold)).toBe(hold);
});
it("one that is too quick waits as long as the policy's second time, told to nobody", () => {
  const throttle = { kind: "throttle", retryAfterMs: [1000, 9000] } as unknown as ReplyTreatment;
  expect(holdAfterRefusal(throttle)).toMatchObject({ retryAfterMs: 9000, tellFrom: Infinity });
});
