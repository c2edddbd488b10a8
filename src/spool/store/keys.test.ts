import { expect, test } from "vitest";
import {
  assertQueueName,
  dueKeyOf,
  messageIdOf,
  messageKey,
  queueEnd,
  queueKey,
  queueNameOf,
} from "./keys.ts";
import { messageIds } from "../messages/message-ids.ts";

test("keys sort by queue, due time and id, and come back", () => {
  const rows: [string, number, number][] = [
    ["", 0, 1],
    ["", 0.5, 0],
    ["", 0.5, 2 ** 53 - 2],
    ["", 1.5e12, 7],
    ["", Number.POSITIVE_INFINITY, 7],
    ["a", 0, 0],
    ["a.example", 1, 1],
    ["b", 0, 0],
    ["é", 0, 0],
  ];
  const keys = rows.map(([queue, dueAt, id]) => queueKey(queue, dueAt, id));
  expect(keys.toSorted((a, b) => Buffer.compare(a, b))).toEqual(keys);
  expect(keys.map((key) => [queueNameOf(key), dueKeyOf(key).dueAt, dueKeyOf(key).id])).toEqual(rows);
  for (const [i, [queue]] of rows.entries())
    for (const [j, key] of keys.entries())
      if (rows[j]?.[0] === queue) expect(Buffer.compare(key, queueEnd(queue)), `${i} ${j}`).toBe(-1);
  expect(Buffer.compare(queueEnd("a"), keys[6] as Buffer)).toBe(-1);
  expect(messageIdOf(messageKey(2 ** 53 - 1))).toBe(2 ** 53 - 1);
});

test.each(["a\0b", "é".repeat(513)])("refuses the queue name %j", (name) => {
  expect(() => assertQueueName(name)).toThrow(RangeError);
});

test.each(["", "a", "é".repeat(512)])("takes the queue name %j", (name) => {
  expect(() => assertQueueName(name)).not.toThrow();
});

test.each([
  [
    "after the last one, though the clock went back",
    10_000_000_000_000,
    Date.UTC(2020, 0, 1, 0, 0, 1),
    10_000_000_000_001,
  ],
  ["by the clock", 5, Date.UTC(2020, 0, 1, 0, 0, 1), 4_096_000],
])("draws an id %s", (_, last, nowMs, expected) => {
  const next = messageIds(last);
  expect(next(nowMs)).toBe(expected);
  expect(next(nowMs)).toBe(expected + 1);
});
