/** The queue that all recipients of a message share; what is decided where there is none: decisions.test.ts. */
import { describe, expect, test } from "vitest";
import type { Route, Routing } from "../routing/routing.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { forwardPathsOf, soleQueueOf, soleQueueOfAll } from "./claim-routes.ts";

const routes: Readonly<Record<string, Route>> = {
  a: { kind: "queue", queue: "Out" },
  b: { kind: "queue", queue: "Out" },
  c: { kind: "queue", queue: "Two" },
  none: { kind: "none" },
  large: { kind: "tooLarge", maxMessageSizeBytes: 1 },
};
const routing = { route: (path: string) => routes[path] ?? { kind: "none" } } as unknown as Routing;

describe.each<[string[], string | undefined]>([
  [["a"], "Out"],
  [["a", "b"], "Out"],
  [["a", "c"], undefined],
  [["a", "b", "none"], undefined],
  [["none", "a"], undefined],
  [["large"], undefined],
  [[], undefined],
])("%j", (recipients, queue) => {
  const claim = testClaim({ recipients });
  test("from memory", () => expect(soleQueueOfAll(claim.message, routing)).toBe(queue));
  test("as a claim", () => expect(soleQueueOf(claim, routing)).toBe(queue));
});

test("of a claim its own recipients count, and none that its envelope does not hold", () => {
  const claim = testClaim({ recipients: ["a", "c", "none"] });
  const { recipients } = claim;
  expect(soleQueueOf({ ...claim, recipients: recipients.slice(1, 2) }, routing)).toBe("Two");
  const stray = { index: 9, attempts: 0, delayReported: false };
  expect(soleQueueOf({ ...claim, recipients: [...recipients.slice(0, 1), stray] }, routing)).toBeUndefined();
  expect(forwardPathsOf({ ...claim, recipients: [...recipients.slice(1), stray] })).toEqual([
    "c",
    "none",
    "",
  ]);
});
