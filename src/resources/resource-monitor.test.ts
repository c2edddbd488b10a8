/** What a meter that cannot be read is told as. */
import { expect, it } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
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
    settings: {
      backPressureEnabled: true,
      backPressureMemoryMedium: 72,
      backPressureMemoryHigh: 75,
      backPressureQueueMedium: 1_000_000,
      backPressureQueueHigh: 2_000_000,
      backPressureLagMedium: 1_000,
      backPressureLagHigh: 5_000,
    },
    clock,
    events: { wants: () => true, emit: (name) => void told.push(name) },
    queueLength: () => 0,
  });
  await monitor.start();
  await clock.advance(10_000);
  expect(told).toEqual(expected);
  expect(monitor.verdict).toBeUndefined();
  monitor.stop();
});
