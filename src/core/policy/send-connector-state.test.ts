import { expect, test } from "vitest";
import {
  sendConnectorState,
  stateAmongDomains,
  type ConnectorQueue,
  type SendConnectorState,
} from "./send-connector-state.ts";

const ready: ConnectorQueue = { status: "Ready", retryCount: 0, putOff: undefined };

test.each<[boolean, ConnectorQueue | undefined, SendConnectorState]>([
  [true, undefined, "Ready"],
  [true, ready, "Ready"],
  [true, { ...ready, status: "Active" }, "Ready"],
  [true, { ...ready, status: "Retry", retryCount: 1 }, "CannotReach"],
  [true, { ...ready, status: "Connecting", retryCount: 3 }, "CannotReach"],
  [true, { ...ready, putOff: "450 busy" }, "PutOff"],
  [true, { ...ready, retryCount: 1, putOff: "450 busy" }, "CannotReach"],
  [true, { ...ready, status: "Suspended", retryCount: 3 }, "Suspended"],
  [false, undefined, "Disabled"],
  [false, { ...ready, retryCount: 3 }, "Disabled"],
])("enabled %s, queue %o: %s", (enabled, queue, state) => {
  expect(sendConnectorState(enabled, queue)).toBe(state);
});

test("one domain says nothing of the others", () => {
  const failing = { ...ready, status: "Retry", retryCount: 1 };
  const suspended = { ...ready, status: "Suspended" };
  const state = (...queues: ConnectorQueue[]) => stateAmongDomains(true, queues);
  expect(state()).toEqual({ state: "Ready", failing: 0 });
  expect(state(failing)).toEqual({ state: "Ready", failing: 1 });
  expect(state(failing, ready, suspended)).toEqual({ state: "Ready", failing: 1 });
  expect(state(failing, failing)).toEqual({ state: "CannotReach", failing: 2 });
  expect(state(suspended, suspended)).toEqual({ state: "Suspended", failing: 0 });
  expect(stateAmongDomains(false, [failing, failing])).toEqual({ state: "Disabled", failing: 0 });
});
