import { afterEach, describe, expect, test } from "vitest";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import {
  dropConnector,
  openScriptedDelivery,
  type ScriptedDelivery,
} from "../../testing/scripted-delivery.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { spoolKinds } from "../../testing/tested-spool.ts";

const minute = 60_000;
const to = (directory: string, changes: object = {}): SendConnectorSettings =>
  dropConnector("Out", "x.test", { dropDirectory: directory, ...changes });
const smartHost = (...hosts: readonly string[]): SendConnectorSettings =>
  to("", { kind: "smartHost", smartHosts: hosts.map((host) => ({ host, port: 25 })) });
const others = dropConnector("Others", "", { dropDirectory: "/others" });

describe.each(spoolKinds)("a suspended queue on the %s spool", (kind) => {
  let delivery: ScriptedDelivery;
  afterEach(() => delivery.close());

  /** One message is held in the queue of a connector. */
  const hold = async (connector: SendConnectorSettings, queue: string): Promise<void> => {
    delivery = await openScriptedDelivery(kind, schedulerSettings(connector, others));
    expect(delivery.scheduler.suspend(queue, true)).toBe(true);
    await delivery.submit(["a@x.test"]);
    await delivery.tested.clock.advance(minute);
    expect(delivery.queue(queue)).toMatchObject({ status: "Suspended", messages: 1 });
  };
  const reconfigure = async (...connectors: readonly SendConnectorSettings[]): Promise<void> => {
    await delivery.scheduler.reconfigure(schedulerSettings(...connectors, others));
    await delivery.tested.clock.advance(minute);
  };
  const told = (): unknown[] =>
    delivery.told
      .filter(({ name }) => name === "QueueSuspensionCarried" || name === "SuspendedQueueKept")
      .map(({ fields }) => [fields["queue"], fields["successor"] ?? fields["messages"]]);
  const leftOver = (): string[] => delivery.carried.map(({ connector }) => connector);

  test.each([
    [
      "a host is added",
      smartHost("10.0.0.1"),
      "Out;[10.0.0.1]:25",
      smartHost("10.0.0.1", "10.0.0.2"),
      "Out;[10.0.0.1]:25,[10.0.0.2]:25",
    ],
    ["its hosts change", smartHost("10.0.0.1"), "Out;[10.0.0.1]:25", smartHost("b.test"), "Out;b.test:25"],
    ["its kind changes", smartHost("10.0.0.1"), "Out;[10.0.0.1]:25", to("/d"), "Out;/d"],
    ["its directory changes", to("/d"), "Out;/d", to("/e"), "Out;/e"],
    [
      "its domains change too",
      to("/d"),
      "Out;/d",
      to("/e", { addressSpaces: [{ domain: "y.test", subdomains: false, cost: 1 }] }),
      "Out;/e",
    ],
    ["its connector is renamed", to("/d"), "Out;/d", { ...to("/d"), name: "New" }, "New;/d"],
  ])("keeps what it holds when %s", async (_what, before, queue, after, successor) => {
    await hold(before, queue);
    await reconfigure(after);
    expect(leftOver()).toEqual([]);
    expect(delivery.queue(queue)).toBeUndefined();
    expect(delivery.queue(successor)).toMatchObject({ status: "Suspended", messages: 1 });
    expect(told()).toEqual([[queue, successor]]);
    await delivery.submit(["b@x.test"]);
    await delivery.tested.clock.advance(10 * minute);
    const held = delivery.queue(successor)?.messages ?? 0;
    expect(held + leftOver().length).toBe(2);
    delivery.scheduler.suspend(successor, false);
    await delivery.tested.clock.advance(minute);
    expect(delivery.tested.spool.size).toBe(0);
  });

  test("keeps a message that was suspended by itself, too, when its connector is renamed", async () => {
    await hold(to("/d"), "Out;/d");
    const id = await delivery.submit(["b@x.test"]);
    await delivery.tested.clock.advance(minute);
    expect(await delivery.scheduler.suspendMessage("Out;/d", id, true)).toBe("done");
    await reconfigure(to("/e"));
    expect(delivery.queue("Out;/d")).toBeUndefined();
    expect(delivery.queue("Out;/e")).toMatchObject({ status: "Suspended", messages: 2 });
    delivery.scheduler.suspend("Out;/e", false);
    await delivery.tested.clock.advance(minute);
    expect(delivery.carried.map(({ claim }) => claim.message.id)).not.toContain(id);
    expect(await delivery.scheduler.suspendMessage("Out;/e", id, false)).toBe("done");
    await delivery.tested.clock.advance(minute);
    expect(delivery.tested.spool.size).toBe(0);
  });

  test("is suspended no more when the change is undone after it went on", async () => {
    await hold(to("/d"), "Out;/d");
    await reconfigure(to("/e"));
    expect(delivery.scheduler.suspend("Out;/e", false)).toBe(true);
    await reconfigure(to("/d"));
    expect(delivery.queue("Out;/d")).toMatchObject({ status: "Ready", messages: 0 });
    await delivery.submit(["b@x.test"]);
    await delivery.tested.clock.advance(minute);
    expect(delivery.tested.spool.size).toBe(0);
  });

  test("is suspended still when the change is undone before that", async () => {
    await hold(to("/d"), "Out;/d");
    await reconfigure(to("/e"));
    await reconfigure(to("/d"));
    expect(delivery.queue("Out;/d")).toMatchObject({ status: "Suspended", messages: 1 });
    expect(leftOver()).toEqual([]);
  });

  test.each([
    ["is removed", []],
    ["is disabled", [to("/d", { enabled: false })]],
    [
      "is split",
      [
        dropConnector("A", "x.test", { dropDirectory: "/a" }),
        dropConnector("B", "y.test", { dropDirectory: "/b" }),
      ],
    ],
  ])("stays, and is seen, when its connector %s", async (_what, connectors) => {
    await hold(to("/d"), "Out;/d");
    await reconfigure(...connectors);
    expect(leftOver()).toEqual([]);
    expect(told()).toEqual([["Out;/d", 1]]);
    expect(delivery.queue("Out;/d")).toMatchObject({
      status: "Suspended",
      messages: 1,
      connector: undefined,
      nextHop: "/d",
    });
    expect(delivery.scheduler.retryNow()).toBeLessThan(3);
    await delivery.tested.clock.advance(30 * minute);
    expect(leftOver()).toEqual([]);
    // It goes where routing says today.
    delivery.scheduler.suspend("Out;/d", false);
    await delivery.tested.clock.advance(minute);
    expect(delivery.tested.spool.size).toBe(0);
    expect(delivery.queue("Out;/d")).toBeUndefined();
  });

  test("is found again when its connector comes back, and no other one's is suspended", async () => {
    await hold(to("/d"), "Out;/d");
    await reconfigure();
    await reconfigure(dropConnector("Other", "x.test", { dropDirectory: "/d" }), to("/e"));
    expect(delivery.queue("Out;/e")).toMatchObject({ status: "Suspended", messages: 1 });
    expect(delivery.queue("Other;/d")?.status).toBe("Ready");
  });

  test("is carried over when the configuration changed while the relay was off", async () => {
    const carried: unknown[] = [];
    delivery = await openScriptedDelivery(kind, schedulerSettings(to("/d"), others), {
      suspended: ["Out;/d"],
      onSuspensionCarried: async (...names) => void carried.push(names),
    });
    await delivery.submit(["a@x.test"]);
    await delivery.tested.clock.advance(minute);
    await delivery.restart({ settings: schedulerSettings(to("/e"), others) });
    await delivery.tested.clock.advance(minute);
    expect(leftOver()).toEqual([]);
    expect(delivery.queue("Out;/e")).toMatchObject({ status: "Suspended", messages: 1 });
    expect(carried).toEqual([["Out;/d", "Out;/e"]]);
  });

  test("keeps messages suspended singly apart, and expires what it holds", async () => {
    await hold(to("/d"), "Out;/d");
    await reconfigure();
    await delivery.tested.clock.advance(2880 * minute);
    expect(delivery.reports()[0]).toMatch(/^Subject: .*delayed/m);
    expect(delivery.reports()[1]).toContain("550 4.4.7 QUEUE.Expired");
    expect(delivery.tested.spool.size).toBe(0);
  });
});
