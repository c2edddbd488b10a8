import { expect, it } from "vitest";
import { changeFor } from "./decided-changes.ts";
import type { Decision } from "./decisions.ts";

/** A recipient that stays after an attempt; `lastError` of the attempt before. */
function kept(
  lastError: string | undefined,
  given: Partial<Pick<Decision, "finding" | "host" | "attempted" | "uncounted">>,
): Decision {
  return {
    state: { index: 3, attempts: 2, delayReported: false, lastError } as Decision["state"],
    step: { kind: "keep", dueAt: 5000, unconfirmed: 0, delayReported: false } as Decision["step"],
    queue: "out",
    attempted: 0,
    uncounted: false,
    finding: undefined,
    host: undefined,
    ...given,
  } as Decision;
}
const finding = { text: "451 4.7.1 later" } as NonNullable<Decision["finding"]>;

it.each([
  [
    "an attempt that a host answered",
    undefined,
    { finding, host: "mx.test", attempted: 1 },
    "451 4.7.1 later (mx.test)",
    3,
  ],
  ["none: what was known stays", "421 busy (mx.test)", { finding }, "421 busy (mx.test)", 2],
  ["none, and nothing was known", undefined, { finding }, "451 4.7.1 later", 2],
  [
    "an attempt that counts for nothing",
    "421 busy (mx.test)",
    { attempted: 1, uncounted: true },
    "421 busy (mx.test)",
    2,
  ],
  ["nothing was found", undefined, {}, undefined, 2],
] as const)("%s", (_, before, given, lastError, attempts) => {
  const change = changeFor(kept(before, given));
  expect(change).toMatchObject({ kind: "keep", index: 3, queue: "out", dueAt: 5000, attempts });
  expect(change.kind === "keep" ? change.lastError : "done").toBe(lastError);
});
