import { expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { createLearningWatch } from "./learning-watch.ts";

const dayMs = 86_400_000;

function watching() {
  const clock = createFakeClock();
  const told: unknown[] = [];
  const events = {
    wants: () => true,
    emit: (name: string, fields: object) => void told.push([name, fields]),
  };
  const learns = (name: string, days: number, given: object = {}) => ({
    name,
    enabled: true,
    learnUntil: clock.wall().getTime() + days * dayMs,
    reportOnly: ["messageRateLimit"] as const,
    ...given,
  });
  return { clock, told, watch: createLearningWatch(clock, events), learns };
}

test("the end of learning is told once, when it comes, whatever is configured meanwhile", async () => {
  const { clock, told, watch, learns } = watching();
  const connectors = [learns("A", 3), learns("B", 9), learns("Off", 1, { enabled: false })];
  watch.watch(connectors);
  await clock.advance(2.9 * dayMs);
  expect(told).toEqual([]);
  await clock.advance(0.2 * dayMs);
  expect(told).toMatchObject([["LearningEnded", { connector: "A" }]]);
  watch.watch(connectors);
  await clock.advance(7 * dayMs);
  expect(told).toMatchObject([
    ["LearningEnded", { connector: "A" }],
    ["LearningEnded", { connector: "B" }],
  ]);
  watch.stop();
});

test("what ended before the start is told at the start; what enforces its limits has nothing to learn", () => {
  const { told, watch, learns } = watching();
  watch.watch([learns("Past", -1), learns("Applied", -1, { reportOnly: [] })]);
  expect(told).toMatchObject([["LearningEnded", { connector: "Past" }]]);
});

test("after its end nothing is told", async () => {
  const { clock, told, watch, learns } = watching();
  watch.watch([learns("A", 1)]);
  watch.stop();
  await clock.advance(2 * dayMs);
  watch.watch([learns("A", -1)]);
  expect(told).toEqual([]);
});
