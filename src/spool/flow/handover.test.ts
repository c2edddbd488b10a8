import { describe, expect, test } from "vitest";
import { testClaim } from "../../testing/test-claim.ts";
import type { FreshMail, SpoolError } from "../spool.ts";
import { createHandover } from "./handover.ts";

const { message } = testClaim();

function handing(budgetBytes = 10_000) {
  const faults: SpoolError[] = [];
  return { handover: createHandover(budgetBytes, (fault) => void faults.push(fault)), faults };
}
const fresh = (changes: Partial<FreshMail> = {}): FreshMail => ({
  hasRoom: () => true,
  take: () => undefined,
  waits: () => undefined,
  ...changes,
});

test("nobody takes anything before somebody listens", () => {
  const { handover } = handing();
  expect(handover.ask(message, 0)).toBeUndefined();
  expect(handover.take(testClaim())).toBe(false);
  expect(handover.bodies.reserve(1)).toBe(false);
  handover.waits(message);
});

test("a claim is counted with a kilobyte of its own, until it is free again", () => {
  const { handover } = handing();
  handover.listen(fresh());
  expect(handover.ask(message, 4_000)).toBe(5_024);
  expect(handover.ask(message, 10_000 - 5_024 - 1_024 + 1)).toBeUndefined();
  expect(handover.ask(message, 10_000 - 5_024 - 1_024)).toBe(4_976);
  expect(handover.ask(message, 0)).toBeUndefined();
  handover.free(4_976);
  expect(handover.ask(message, 0)).toBe(1_024);
});

test("who has no room costs nothing", () => {
  const { handover } = handing(1_024);
  handover.listen(fresh({ hasRoom: () => false }));
  expect(handover.ask(message, 0)).toBeUndefined();
  handover.listen(fresh());
  expect(handover.ask(message, 0)).toBe(1_024);
});

test("bodies that arrive take a quarter at most", () => {
  const { handover } = handing();
  handover.listen(fresh());
  expect(handover.bodies.reserve(2_501)).toBe(false);
  expect(handover.bodies.reserve(2_500)).toBe(true);
  expect(handover.bodies.reserve(1)).toBe(false);
  expect(handover.ask(message, 10_000 - 2_500 - 1_024)).toBe(7_500);
  handover.free(7_500);
  handover.bodies.free(2_500);
  expect(handover.bodies.reserve(2_500)).toBe(true);
});

describe("a listener that fails", () => {
  const fail = (): never => {
    throw new Error("no");
  };
  test.each<[string, Partial<FreshMail>]>([
    ["when it is asked", { hasRoom: fail }],
    ["when it takes", { take: fail }],
    ["when it is told", { waits: fail }],
  ])("%s is told as a fault, and has taken nothing", (_, changes) => {
    const { handover, faults } = handing();
    handover.listen(fresh(changes));
    const asked = handover.ask(message, 0);
    const taken = handover.take(testClaim());
    handover.waits(message);
    expect([asked, taken]).toEqual([changes.hasRoom ? undefined : 1_024, changes.take === undefined]);
    expect(faults.map(({ message: text }) => text)).toEqual(["fresh mail was not taken: Error: no"]);
  });
});
