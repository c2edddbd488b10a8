/** What becomes of a domain's queue between two messages. */
import { describe, expect, test } from "vitest";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { QueueName } from "../../spool/spool.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { dnsConnector } from "../../testing/scripted-delivery.ts";
import { testClaim } from "../../testing/test-claim.ts";
import type { Carrier } from "./delivery.ts";
import { createDeliveryQueues } from "./delivery-queues.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import { droppedQueueKeptMs, mostDroppedQueues } from "./dropped-queues.ts";
import { defaultLimits } from "./limits.ts";

const { transport } = schedulerSettings();
const nothing = { messagesIn: () => 0 };
const verdict = { status: "4.4.1", text: "away", fromPeer: false };

function setup() {
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const suspended = new Set<QueueName>();
  const made: string[] = [];
  let connector: SendConnectorSettings = dnsConnector("Net");
  const queues = createDeliveryQueues({
    limits: defaultLimits,
    clock,
    suspended,
    carrierFor: (_, domain) => {
      made.push(domain);
      return { concurrency: 60 } as Carrier;
    },
    targetOf: (name) => ({ connector, domain: name.slice("Net;".length) }),
  });
  const need = (name: QueueName): DeliveryQueue => queues.need(name)!;
  /** One message, delivered. */
  const carryOver = (queue: DeliveryQueue): void => {
    queue.push(testClaim({ recipients: ["x@a.test"] }));
    const claim = queue.begin()!;
    queue.ended(claim);
    queue.succeeded(clock.now());
  };
  const drop = (queue: DeliveryQueue): void => queues.dropIfEmpty(queue, nothing, clock.now());
  return {
    clock,
    suspended,
    made,
    queues,
    need,
    carryOver,
    drop,
    changeConnector: () => (connector = dnsConnector("Net", { comment: "new" })),
  };
}

/** How many attempts it would begin at once. */
function attemptsAtOnce(queue: DeliveryQueue): number {
  for (let n = 0; n < 100; n++) queue.push(testClaim({ recipients: ["x@a.test"] }));
  while (queue.ready) queue.begin();
  return queue.running;
}

describe("a domain's queue", () => {
  test("is gone with its last message, and the next one has it again, with what it has learnt", () => {
    const { queues, need, carryOver, drop, made } = setup();
    const queue = need("Net;a.test");
    for (let n = 0; n < 10; n++) carryOver(queue);
    drop(queue);
    expect([queues.get("Net;a.test"), queues.size, queues.isOpen(queue), queues.carriers()]).toEqual([
      undefined,
      0,
      false,
      [],
    ]);
    expect(need("Net;a.test")).toBe(queue);
    expect([queues.size, queues.isOpen(queue), made]).toEqual([1, true, ["a.test"]]);
    expect(attemptsAtOnce(queue)).toBe(12);
  });

  test("is suspended when its name was meanwhile", () => {
    const { need, drop, suspended } = setup();
    drop(need("Net;a.test"));
    suspended.add("Net;a.test");
    expect(need("Net;a.test").status).toBe("Suspended");
  });

  test.each<[string, (all: ReturnType<typeof setup>, queue: DeliveryQueue) => void]>([
    [
      "minutes later",
      ({ drop, clock }, queue) => {
        drop(queue);
        clock.ms += droppedQueueKeptMs;
      },
    ],
    [
      "by another configuration",
      ({ drop, changeConnector, queues }, queue) => {
        drop(queue);
        changeConnector();
        queues.forgetDropped();
      },
    ],
    [
      "behind a failure",
      ({ drop, carryOver, clock }, queue) => {
        queue.failed("h", verdict, clock.now(), transport, 0.5);
        queue.reopen();
        carryOver(queue);
        drop(queue);
      },
    ],
    [
      "behind a recipient that was put off",
      ({ drop }, queue) => {
        queue.putOff = "450 later (h)";
        drop(queue);
      },
    ],
    [
      "when more may stand on disk",
      ({ drop }, queue) => {
        queue.backlog.arrived();
        drop(queue);
      },
    ],
    [
      "when many came behind it",
      ({ drop, need }, queue) => {
        drop(queue);
        for (let n = 0; n < mostDroppedQueues; n++) drop(need(`Net;d${n}.test`));
      },
    ],
  ])("is made anew %s", (_, between) => {
    const all = setup();
    const queue = all.need("Net;a.test");
    all.carryOver(queue);
    between(all, queue);
    expect(all.queues.size).toBe(0);
    const next = all.need("Net;a.test");
    expect(next).not.toBe(queue);
    expect(attemptsAtOnce(next)).toBe(defaultLimits.probeClaims);
  });
});
