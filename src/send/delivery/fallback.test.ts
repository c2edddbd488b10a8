import { afterEach, describe, expect, test } from "vitest";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import {
  answered,
  dropConnector,
  ok,
  openScriptedDelivery,
  refused,
  type ScriptedDelivery,
} from "../../testing/scripted-delivery.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { spoolKinds } from "../../testing/tested-spool.ts";
import type { AttemptResult } from "./delivery.ts";

const minute = 60_000;
const out = (changes: object = {}): SendConnectorSettings =>
  dropConnector("Out", "", { fallback: { connector: "backup", afterMs: 3 * minute }, ...changes });
const backup = (changes: object = {}): SendConnectorSettings =>
  dropConnector("Backup", "elsewhere.test", changes);
const usual = schedulerSettings(out(), backup());

describe.each(spoolKinds)("a fallback connector on the %s spool", (kind) => {
  let delivery: ScriptedDelivery;
  /** Connectors whose next hop cannot be reached. */
  let away: Set<string>;
  afterEach(() => delivery.close());

  const open = async (settings = usual, isAway: readonly string[] = ["Out"]): Promise<void> => {
    away = new Set(isAway);
    delivery = await openScriptedDelivery(kind, settings);
    delivery.carry = (claim, connector) => (away.has(connector) ? refused : answered(claim, ok));
  };
  const advance = (ms: number): Promise<void> => delivery.tested.clock.advance(ms);
  /** Who delivered what. */
  const delivered = (): string[] =>
    delivery.carried
      .filter(({ connector }) => !away.has(connector))
      .flatMap(({ connector, claim: { message, recipients } }) =>
        recipients.map(
          ({ index }) => `${message.envelope.recipients[index]?.forwardPath.split("@")[0]} by ${connector}`,
        ),
      )
      .sort();
  const told = (name: string): Record<string, unknown>[] =>
    delivery.told.filter((one) => one.name === name).map(({ fields }) => fields);
  const sizeOf = (queue: string): number | undefined => delivery.queue(queue)?.messages;

  test("takes over when nothing was handed over for so long, and until something is", async () => {
    await open();
    for (const name of ["a", "b", "c", "d"]) await delivery.submit([`${name}@x.test`]);
    await advance(3 * minute - 1);
    expect(delivered()).toEqual([]);
    expect(told("FallbackBegan")).toEqual([]);
    await advance(1);
    expect(delivered()).toEqual(["a by Backup", "b by Backup", "c by Backup", "d by Backup"]);
    expect(delivery.tested.spool.size).toBe(0);
    expect(told("FallbackBegan")).toMatchObject([{ queue: "Out;/d", connector: "Out", fallback: "Backup" }]);
    expect(told("MessageTakenOver")).toHaveLength(4);
    expect(delivery.queue("Out;/d")).toMatchObject({
      status: "Retry",
      fallback: { connector: "Backup", messages: 4 },
    });

    await delivery.submit(["e@x.test"]);
    await advance(1);
    expect(delivered()).toContain("e by Backup");

    away.clear();
    await advance(10 * minute);
    await delivery.submit(["f@x.test"]);
    await delivery.submit(["g@x.test"]);
    await advance(1);
    expect(delivered().slice(-2)).toEqual(["f by Out", "g by Out"]);
    expect(told("FallbackEnded")).toMatchObject([{ fallback: "Backup", messages: 5 }]);
    expect(delivery.queue("Out;/d")).toMatchObject({ status: "Ready", fallback: undefined });
  });

  test("takes nothing over while the relay stops, and takes it over after the next start", async () => {
    await open();
    await delivery.submit(["a@x.test"]);
    const { spool } = delivery.tested;
    const claim = spool.claim.bind(spool);
    let stopping: Promise<void> | undefined;
    await advance(2 * minute);
    spool.claim = async (...of) => {
      const found = await claim(...of);
      if (of[0] === "Out;/d" && found.length > 0) stopping ??= delivery.stop();
      return found;
    };
    await advance(2 * minute);
    await stopping;
    expect([stopping === undefined, told("MessageTakenOver"), delivered()]).toEqual([false, [], []]);
    spool.claim = claim;
    await delivery.restart();
    await advance(10 * minute);
    expect(delivered()).toEqual(["a by Backup"]);
  });

  test("has what does not fit among those that try the next hop; those follow when it fails", async () => {
    await open();
    await delivery.submit(["a@x.test"]);
    await advance(7 * minute);
    const pending: ((result: AttemptResult) => void)[] = [];
    delivery.carry = (claim, connector) =>
      connector === "Out" ? new Promise((resolve) => pending.push(resolve)) : answered(claim, ok);
    for (const name of ["b", "c", "d", "e"]) await delivery.submit([`${name}@x.test`]);
    await advance(1);
    const by = (connector: string): string[] => delivered().filter((one) => one.endsWith(connector));
    away.clear();
    expect(pending).toHaveLength(2);
    expect(by("Backup")).toEqual(["a by Backup", "d by Backup", "e by Backup"]);
    for (const answer of pending) answer(refused);
    await advance(1);
    expect(by("Backup")).toEqual(["a", "b", "c", "d", "e"].map((name) => `${name} by Backup`));
    expect(delivery.tested.spool.size).toBe(0);
  });

  test.each([
    ["too large", { maxMessageSize: 10 }],
    [
      "not for its sender",
      {
        restrictions: {
          senderSpaces: [{ kind: "address", address: "b@a.test" }],
          receiveConnectors: [],
          applications: [],
        },
      },
    ],
    ["disabled", { enabled: false }],
  ])("what it may not carry stays: %s", async (_why, changes) => {
    await open(schedulerSettings(out(), backup(changes)));
    await delivery.submit(["a@x.test"]);
    await advance(6 * minute);
    expect(delivered()).toEqual([]);
    expect(sizeOf("Out;/d")).toBe(1);
    away.clear();
    await advance(10 * minute);
    expect(delivery.carried.at(-1)).toMatchObject({ connector: "Out" });
    expect(delivery.tested.spool.size).toBe(0);
  });

  describe("where the recipients' domain demands TLS", () => {
    const strong = {
      kind: "smartHost",
      requireTls: true,
      tlsAuthLevel: "DomainValidation",
      smartHosts: [{ host: "h", port: 25 }],
    };
    const may = { fallback: { connector: "backup", afterMs: 3 * minute, mayWeakenTls: true } };
    const third = { fallback: { connector: "Third", afterMs: 0 } };

    test.each([
      ["a fallback without it takes nothing over", schedulerSettings(out(), backup()), []],
      ["one with as much does", schedulerSettings(out(), backup(strong)), ["a by Backup", "b by Backup"]],
      ["any does that may", schedulerSettings(out(may), backup()), ["a by Backup", "b by Backup"]],
      [
        "what takes over from that one must have as much",
        schedulerSettings(out(), backup({ ...strong, ...third }), dropConnector("Third", "third.test")),
        [],
      ],
    ])("%s, neither of what waits nor of what comes", async (_why, settings, expected) => {
      await open(settings, _why.startsWith("what takes") ? ["Out", "Backup"] : ["Out"]);
      delivery.demandedTls = () => "named";
      await delivery.submit(["a@x.test"]);
      await advance(4 * minute);
      await delivery.submit(["b@x.test"]);
      await advance(4 * minute);
      expect(delivered()).toEqual(expected);
    });

    test("what says TLS-Required: No goes by it", async () => {
      await open();
      delivery.demandedTls = () => "named";
      await delivery.submit(["a@x.test"], { tls: "optional" });
      await delivery.submit(["b@x.test"]);
      await advance(4 * minute);
      expect(delivered()).toEqual(["a by Backup"]);
    });
  });

  test("it is passed over while it does not work itself, unless another takes over from it in time", async () => {
    const chain = schedulerSettings(
      out(),
      backup({ fallback: { connector: "Third", afterMs: 10 * minute } }),
      dropConnector("Third", "third.test"),
    );
    await open(chain, ["Out", "Backup"]);
    await delivery.submit(["a@x.test"]);
    await advance(3 * minute);
    // It is Backup's now, which fails as well.
    expect(sizeOf("Backup;/d")).toBe(1);
    await delivery.submit(["b@x.test"]);
    await advance(9 * minute);
    expect(delivered()).toEqual([]);
    await advance(2 * minute);
    expect(delivered()).toEqual(["a by Third", "b by Third"]);
  });

  test("nothing leaves a queue that is suspended, or goes to one that is; suspended messages stay", async () => {
    await open();
    const held = await delivery.submit(["a@x.test"]);
    await delivery.submit(["b@x.test"]);
    await advance(minute / 2);
    await delivery.scheduler.suspendMessage("Out;/d", held, true);
    delivery.scheduler.suspend("Backup;/d", true);
    await advance(3 * minute);
    expect(sizeOf("Out;/d")).toBe(2);
    delivery.scheduler.suspend("Out;/d", true);
    delivery.scheduler.suspend("Backup;/d", false);
    await advance(10 * minute);
    expect(delivered()).toEqual([]);
    delivery.scheduler.suspend("Out;/d", false);
    await advance(10 * minute);
    expect(delivered()).toEqual(["b by Backup"]);
    await delivery.scheduler.suspendMessage("Out;/d", held, false);
    await advance(minute);
    expect(delivered()).toEqual(["a by Backup", "b by Backup"]);
  });

  test("over a restart what moved has moved, and the time begins anew", async () => {
    await open();
    delivery.carry = (_claim, connector) => (connector === "Out" ? refused : new Promise(() => undefined));
    await delivery.submit(["a@x.test"]);
    await advance(3 * minute);
    expect(sizeOf("Backup;/d")).toBe(1);
    await delivery.submit(["b@x.test"]);
    delivery.carry = (claim, connector) => (away.has(connector) ? refused : answered(claim, ok));
    await delivery.restart();
    delivery.carried.length = 0;
    await delivery.submit(["c@x.test"]);
    await advance(1);
    expect(sizeOf("Out;/d")).toBeGreaterThan(0);
    await advance(3 * minute);
    const all = delivered();
    expect(all.filter((one) => one.startsWith("c"))).toEqual(["c by Backup"]);
    expect(delivery.tested.spool.size).toBe(0);
  });

  test("recipients of one message that stand in several queues go each their way", async () => {
    const other = dropConnector("Other", "y.test");
    await open(schedulerSettings(out(), backup(), other));
    await delivery.submit(["a@x.test"]);
    await advance(3 * minute);
    await delivery.submit(["b@x.test", "c@y.test"]);
    await advance(1);
    expect(delivered()).toEqual(["a by Backup", "b by Backup", "c by Other"]);
  });

  test("without it from now on, what waits waits", async () => {
    await open();
    await delivery.submit(["a@x.test"]);
    await advance(minute);
    await delivery.scheduler.reconfigure(schedulerSettings(dropConnector("Out", ""), backup()));
    await advance(20 * minute);
    expect(delivered()).toEqual([]);
    expect(sizeOf("Out;/d")).toBe(1);
  });

  test("what is about to expire goes by it, and so does word of its delay", async () => {
    await open();
    await delivery.submit(["a@x.test"]);
    delivery.scheduler.suspend("Out;/d", true);
    await advance(2880 * minute - 5 * minute);
    delivery.scheduler.suspend("Out;/d", false);
    await advance(4 * minute);
    expect(delivered()).toEqual(["a by Backup", "app by Backup"]);
    expect(told("DsnSent")).toMatchObject([{ kind: "delayed" }]);
  });

  describe("mail that is held alone", () => {
    const held = { status: "4.3.2", text: "432 4.3.2 quota", fromPeer: true };

    test("goes by it when the hold has lasted so long, and the rest of the queue does not", async () => {
      await open(usual, []);
      let since: number | undefined;
      delivery.carry = (claim, connector) => {
        if (connector !== "Out" || claim.message.envelope.reversePath !== "q@a.test")
          return answered(claim, ok);
        const heldSince = (since ??= delivery.tested.clock.now());
        if (delivery.tested.clock.now() === since)
          return {
            kind: "attempted",
            host: "h",
            heldSince,
            outcomes: [{ kind: "transient", index: 0, verdict: held, retryAfterMs: 60 * minute }],
          };
        return { kind: "throttled", host: "h", verdict: held, retryAfterMs: 50 * minute, heldSince };
      };
      await delivery.submit(["a@x.test"], { reversePath: "q@a.test" });
      await advance(2 * minute);
      await delivery.submit(["b@x.test"], { reversePath: "q@a.test" });
      await delivery.submit(["c@x.test"]);
      await advance(minute - 1);
      expect(delivered().filter((one) => one.endsWith("Backup"))).toEqual([]);
      await advance(2);
      expect(delivered().filter((one) => one.endsWith("Backup"))).toEqual(["a by Backup", "b by Backup"]);
      expect(delivered()).toContain("c by Out");
      expect(delivery.tested.spool.size).toBe(0);
      expect(told("FallbackBegan")).toMatchObject([{ reason: expect.stringContaining("432 4.3.2 quota") }]);
      // Others' mail does not end it at once.
      await delivery.submit(["d@x.test"]);
      await advance(1);
      expect(told("FallbackEnded")).toEqual([]);
      await advance(5 * minute);
      await delivery.submit(["e@x.test"]);
      await advance(1);
      expect(told("FallbackEnded")).toHaveLength(1);
    });

    test("goes by it at once where the recipients of a day are used up", async () => {
      await open(usual, []);
      delivery.carry = (claim, connector) =>
        connector === "Out"
          ? { kind: "throttled", host: "h", verdict: held, retryAfterMs: 5 * minute, spent: true }
          : answered(claim, ok);
      await delivery.submit(["a@x.test"]);
      await advance(1);
      expect(delivered()).toContain("a by Backup");
    });

    test("waits where its pace alone is too slow", async () => {
      await open(usual, []);
      delivery.carry = (claim, connector) =>
        connector === "Out"
          ? { kind: "throttled", host: "h", verdict: held, retryAfterMs: 5 * minute }
          : answered(claim, ok);
      await delivery.submit(["a@x.test"]);
      await advance(20 * minute);
      expect(delivered().filter((one) => one.endsWith("Backup"))).toEqual([]);
    });
  });
});
