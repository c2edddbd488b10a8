import { expect, test } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { followMachineAddresses } from "./machine-addresses.ts";

test("this machine's addresses, looked at anew after a while", async () => {
  const clock = createFakeClock();
  const addresses = followMachineAddresses(clock);
  const first = addresses();
  expect(first).toContainEqual(expect.objectContaining({ address: "127.0.0.1", internal: true }));
  await clock.advance(4_999);
  expect(addresses()).toBe(first);
  await clock.advance(1);
  expect(addresses()).not.toBe(first);
  expect(addresses()).toEqual(first);
});
