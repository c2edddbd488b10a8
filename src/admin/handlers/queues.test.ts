/** A list of ten thousand queues, page by page. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import type { Administered } from "../administered.ts";
import { queueHandlers } from "./queues.ts";

const count = 10_000;

function listed() {
  const looked: string[] = [];
  const relay = {
    queues: () =>
      Array.from({ length: count }, (_, n) => ({
        queue: `Net;d${n}.test`,
        identity: `Net;d${n}.test`,
        deliveryType: "DnsConnectorDelivery",
        nextHop: `d${n}.test`,
        connector: "Net",
        status: n % 100 === 0 ? "Retry" : "Ready",
        messages: n % 4,
        holds: [],
      })),
    messages: {
      countDeferred: (queue: string) => {
        looked.push(queue);
        return Promise.resolve(0);
      },
      oldestSince: () => Promise.resolve(undefined),
    },
  };
  const handlers = queueHandlers({ relay, clock: createFakeClock() } as unknown as Administered);
  const list = (given: object) =>
    handlers.listQueues(
      {
        filter: "",
        sortOrder: "",
        include: [],
        exclude: [],
        limit: 1000,
        offset: 0,
        details: false,
        ...given,
      },
      undefined as never,
    ) as Promise<{
      readonly queues: readonly { readonly identity: string }[];
      readonly total: number;
      readonly nonEmpty: number;
      readonly messages: number;
    }>;
  return { list, looked };
}

test("each is on one page, and the page tells how many there are", async () => {
  const { list } = listed();
  const seen: string[] = [];
  for (let offset = 0; ; offset += 3000) {
    const page = await list({ offset, limit: 3000, sortOrder: "-MessageCount,+Identity" });
    expect([page.total, page.nonEmpty, page.messages]).toEqual([count, 7500, 15_000]);
    seen.push(...page.queues.map(({ identity }) => identity));
    if (page.queues.length < 3000) break;
  }
  expect(new Set(seen).size).toBe(count);
});

test("by a filter, a name or a pattern", async () => {
  const { list } = listed();
  expect(await list({ filter: "Status -eq 'Retry'", limit: 5 })).toMatchObject({ total: 100 });
  expect(await list({ identity: "net;D77.test" })).toMatchObject({
    total: 1,
    queues: [{ identity: "Net;d77.test" }],
  });
  expect(await list({ identity: "*;d77?.test" })).toMatchObject({ total: 10 });
  expect(await list({ identity: "*none*" })).toMatchObject({ total: 0, queues: [] });
});

test("what takes a look at a queue's keys is looked for on the page alone", async () => {
  const { list, looked } = listed();
  await list({ limit: 20, offset: 40, details: true });
  expect(looked).toHaveLength(20);
  expect(looked[0]).toBe("Net;d40.test");
});
