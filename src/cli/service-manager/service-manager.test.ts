import { describe, expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { serviceManager } from "./service-manager.ts";
import { beatMs } from "./watchdog.ts";

test.each([
  [{ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "7" }, 20_000],
  [{ WATCHDOG_USEC: "60000000" }, 20_000],
  [{ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "8" }, undefined],
  [{ WATCHDOG_USEC: "500000" }, 1_000],
  [{ WATCHDOG_USEC: "0" }, undefined],
  [{ WATCHDOG_USEC: "soon" }, undefined],
  [{}, undefined],
])("%j: a beat every %j ms", (env, everyMs) => {
  expect(beatMs(env, 7)).toBe(everyMs);
});

describe("systemd", () => {
  const notified = (env: Readonly<Record<string, string>>, reason?: string) => {
    const clock = createFakeClock();
    const told: string[] = [];
    const complaints: string[] = [];
    const manager = serviceManager({
      clock,
      env,
      pid: 7,
      send(assignments, failed) {
        told.push(assignments.join(" "));
        if (reason !== undefined) failed(reason);
      },
      complain: (text) => complaints.push(text),
    });
    return { clock, told, complaints, manager };
  };

  test("is told ready, that it lives with its state, and stopping", async () => {
    const { clock, told, manager } = notified({ NOTIFY_SOCKET: "@x", WATCHDOG_USEC: "60000000" });
    let state = "takes mail";
    manager?.ready(() => state);
    state = "takes mail;\nthree wait";
    await clock.advance(45_000);
    manager?.stopping();
    await clock.advance(120_000);
    expect(told).toEqual([
      "READY=1 STATUS=takes mail",
      "WATCHDOG=1 STATUS=takes mail; three wait",
      "WATCHDOG=1 STATUS=takes mail; three wait",
      "STOPPING=1 STATUS=stopping",
    ]);
  });

  test("without a watchdog is told no beats", async () => {
    const { clock, told, manager } = notified({ NOTIFY_SOCKET: "@x" });
    manager?.ready(() => "takes mail");
    await clock.advance(600_000);
    expect(told).toHaveLength(1);
  });

  test("that cannot be told is complained of once", async () => {
    const { clock, complaints, manager } = notified(
      { NOTIFY_SOCKET: "@x", WATCHDOG_USEC: "3000000" },
      "no such program",
    );
    manager?.ready(() => "takes mail");
    await clock.advance(30_000);
    expect(complaints).toEqual(["no such program"]);
  });

  test("that did not start it is told nothing", () => {
    expect(notified({ WATCHDOG_USEC: "60000000" }).manager).toBeUndefined();
  });
});
