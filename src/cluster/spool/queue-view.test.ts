import { expect, test } from "vitest";
import { noChange, QueueView } from "./queue-view.ts";

test("own changes are seen at once, and outlive a look that could not see them", () => {
  const view = new QueueView();
  view.endCount(view.beginCount([]), 1, [{ queue: "a", messages: 1 }]);
  const change = { size: 0, messages: [["a", -1] as const, ["b", 1] as const], due: [["b", 50] as const] };
  view.apply(change);
  expect(view.summaries()).toEqual([{ queue: "b", messages: 1, nextDueAt: 50 }]);
  view.endCount(view.beginCount([change]), 1, [{ queue: "a", messages: 1 }]);
  expect(view.setDue([{ queue: "a", dueAt: 10 }], [change])).toBe(true);
  expect([view.messagesIn("a"), view.messagesIn("b"), view.nextDueAt("b"), view.size]).toEqual([0, 1, 50, 1]);
});

test("what changes while all are counted comes on top, and a count that failed leaves what was known", () => {
  const view = new QueueView();
  const failed = view.beginCount([]);
  view.apply({ ...noChange, size: 1, messages: [["a", 1]] });
  view.breakCount(failed);
  expect([view.size, view.messagesIn("a")]).toEqual([1, 1]);
  const look = view.beginCount([{ ...noChange, size: -1, messages: [["b", -1]] }]);
  view.apply({ ...noChange, size: 1, messages: [["a", 1]] });
  view.endCount(failed, 9, []);
  view.endCount(look, 5, [
    { queue: "a", messages: 1 },
    { queue: "b", messages: 4 },
  ]);
  view.apply({ ...noChange, size: 1, messages: [["b", 1]] });
  expect([view.size, view.messagesIn("a"), view.messagesIn("b")]).toEqual([6, 2, 4]);
});

test("a look at a queue does not hide what came in meanwhile", () => {
  const view = new QueueView();
  const look = view.beginLook("q");
  view.apply({ ...noChange, due: [["q", 70]] });
  view.endLook(look, 90);
  expect(view.nextDueAt("q")).toBe(70);
  view.endLook(view.beginLook("q"), undefined);
  expect(view.nextDueAt("q")).toBeUndefined();
});

test("it is news only when something is due earlier than was known", () => {
  const view = new QueueView();
  expect(view.setDue([{ queue: "q", dueAt: 5 }], [])).toBe(true);
  expect(view.setDue([{ queue: "q", dueAt: 5 }], [])).toBe(false);
  expect(view.setDue([{ queue: "q", dueAt: 9 }], [])).toBe(false);
  expect(view.setDue([{ queue: "q", dueAt: 8 }], [])).toBe(true);
  expect(view.setDue([], [])).toBe(false);
});

test("claims begin where something is known to be due only while looks from the start are dear", () => {
  const view = new QueueView();
  view.apply({ ...noChange, due: [["q", 70]] });
  expect(view.dueFrom("q")).toBe(-Infinity);
  view.isDear = true;
  expect([view.dueFrom("q"), view.dueFrom("unknown")]).toEqual([70, -Infinity]);
  view.apply({ ...noChange, due: [["q", 60]] });
  expect(view.dueFrom("q")).toBe(60);
});

test("due times that are looked at with the counts do not hide what came in meanwhile", () => {
  const view = new QueueView();
  view.apply({ ...noChange, due: [["gone", 1]] });
  const look = view.beginCount([{ ...noChange, due: [["unseen", 5]] }]);
  view.apply({ ...noChange, due: [["q", 70]] });
  expect(view.endCount(look, 0, [], [{ queue: "q", dueAt: 90 }])).toBe(false);
  expect(["gone", "unseen", "q"].map((queue) => view.nextDueAt(queue))).toEqual([undefined, 5, 70]);
});
