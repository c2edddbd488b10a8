import { expect, test } from "vitest";
import { waitingState, type WaitingEntry, type WaitingQueue } from "./waiting-state.ts";

const ready: WaitingQueue = {
  status: "Ready",
  deliveryType: "SmartHostConnectorDelivery",
  retryCount: 0,
  lastError: undefined,
  nextRetryAt: undefined,
};
const retry = {
  ...ready,
  status: "Retry",
  retryCount: 3,
  lastError: "connect ECONNREFUSED",
  nextRetryAt: 90,
};
const fresh: WaitingEntry = {
  suspended: false,
  held: false,
  pending: undefined,
  attempts: 0,
  lastError: undefined,
  dueAt: 10,
};
const putOff = { ...fresh, attempts: 2, lastError: "450 busy", dueAt: 50 };

test.each<[string, Partial<WaitingEntry>, Partial<WaitingQueue>, readonly unknown[]]>([
  ["waits for its turn", fresh, ready, ["Ready", 0, undefined, 10]],
  ["is handed over", { ...fresh, held: true }, ready, ["Active", 0, undefined, 10]],
  ["was put off", putOff, ready, ["Retry", 2, "450 busy", 50]],
  ["is tried again", { ...putOff, held: true }, ready, ["Active", 2, "450 busy", 50]],
  ["waits for a queue in Retry", fresh, retry, ["Retry", 3, "connect ECONNREFUSED", 90]],
  ["is held for a queue in Retry", { ...fresh, held: true }, retry, ["Retry", 3, "connect ECONNREFUSED", 90]],
  ["was put off, and then its queue failed", putOff, retry, ["Retry", 5, "connect ECONNREFUSED", 90]],
  ["is due later than its queue", { ...putOff, dueAt: 99 }, retry, ["Retry", 5, "connect ECONNREFUSED", 99]],
  ["is suspended", { ...fresh, suspended: true }, retry, ["Suspended", 3, "connect ECONNREFUSED", undefined]],
  [
    "is to be suspended",
    { ...fresh, held: true, pending: "PendingSuspend" },
    ready,
    ["PendingSuspend", 0, undefined, 10],
  ],
  [
    "is to be removed",
    { ...fresh, held: true, pending: "PendingRemove" },
    retry,
    ["PendingRemove", 3, "connect ECONNREFUSED", 90],
  ],
  [
    "stands in a suspended queue",
    fresh,
    { ...ready, status: "Suspended" },
    ["Ready", 0, undefined, undefined],
  ],
  [
    "has no route",
    fresh,
    { ...ready, deliveryType: "Unreachable", lastError: "no connector" },
    ["Ready", 0, "no connector", undefined],
  ],
  [
    "the queue's error, for want of one",
    fresh,
    { ...ready, lastError: "the disk" },
    ["Ready", 0, "the disk", 10],
  ],
])("a message that %s", (_, entry, queue, expected) => {
  const state = waitingState({ ...fresh, ...entry }, { ...ready, ...queue });
  expect([state.status, state.attempts, state.lastError, state.nextAttemptAt]).toEqual(expected);
});
