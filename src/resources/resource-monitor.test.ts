import { expect, it } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { testSettings } from "../testing/test-settings.ts";
import { createResourceMonitor } from "./resource-monitor.ts";

it.each([
  ["EMFILE", ["FileDescriptorsUsedUp"]],
  ["ENFILE", ["FileDescriptorsUsedUp"]],
  ["ENOENT", []],
  ["EIO", ["RelayFault"]],
])("%s while measuring is told once, as %j, and refuses no mail", async (code, expected) => {
  const told: string[] = [];
  const clock = createFakeClock();
  const monitor = createResourceMonitor({
    meter: {
      sample: () => Promise.reject(Object.assign(new Error(code), { code })),
      close: () => undefined,
    },
    settings: SETTINGS,
    clock,
    events: EVENTS,
    queueLength: () => 0,
  });
  await monitor.start();
  await clock.advance(10_000);
  expect(told).toEqual(expected);
  expect(monitor.verdict).toBeUndefined();
  monitor.stop();
});
