/** What a relay would answer that is the node `a` of two, in place of one that is alone: the console is no other. */
import type { Page } from "playwright-core";
import type { Output } from "../../src/admin/contract.ts";

type Node = Output<"listNodes">["nodes"][number];
type Event = Output<"queryEvents">["events"][number];

const at = (second: number): string => new Date(Date.UTC(2026, 10, 29, 8, 0, second)).toISOString();
const silent = [{ server: "b", reason: "it is down" }];

const node: Node = {
  name: "a",
  isThis: true,
  state: "Up",
  number: 1,
  version: "0.9.0",
  startedAt: at(0),
  endedAt: null,
  leaseMs: 10_000,
  leaseLeftMs: 8_000,
  messages: 14,
  connections: 37,
  address: "10.0.0.1:8026",
  failedListeners: [],
  isChores: true,
  suspended: null,
  configuration: { inForce: 7, newest: 7, faults: [] },
};

/** 260 events, of both nodes by turns; each node numbers its own from 1. */
const events: readonly Event[] = Array.from({ length: 260 }, (_, index) => ({
  server: index % 2 === 0 ? "a" : "b",
  sequence: 130 - Math.floor(index / 2),
  id: 1000,
  name: "Told",
  category: "TransportService",
  severity: "Information",
  at: at(260 - index),
  text: `event ${index}`,
  fields: {},
}));

export interface ToldNodes {
  /** What was done to nodes, as method and path. */
  readonly done: readonly string[];
  /** Answers for itself again. */
  stop(): Promise<void>;
}

export async function tellNodes(page: Page): Promise<ToldNodes> {
  const done: string[] = [];
  let suspended: Node["suspended"] = null;
  const nodes = (): Node[] => [
    { ...node, suspended, state: suspended === null ? "Up" : "Draining" },
    {
      ...node,
      name: "b",
      isThis: false,
      state: "Down",
      endedAt: at(30),
      leaseLeftMs: null,
      messages: 0,
      connections: 0,
      failedListeners: ["10.0.0.2:25 for AppRelay: the address is in use"],
      configuration: { inForce: 6, newest: 7, faults: ["dkimKeys[0].keyFile: cannot be read"] },
    },
  ];
  const listed = (): Output<"listNodes"> => ({
    nodes: nodes(),
    databaseFaults: [{ text: "the database runs with fsync off", advice: "set fsync to on" }],
  });
  await page.route("**/v1/nodes", (route) => route.fulfill({ json: listed() }));
  await page.route("**/v1/nodes/*/*", (route) => {
    const { pathname } = new URL(route.request().url());
    done.push(`${route.request().method()} ${pathname}`);
    suspended = pathname.endsWith("/suspend") ? { since: at(40), by: "Ann" } : null;
    return route.fulfill({ json: { changed: true, node: nodes()[0], others: 0 } });
  });
  await page.route("**/v1/about", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...((await response.json()) as object), node: "a" } });
  });
  await page.route(/\/v1\/events(\?|$)/, (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get("before") ?? 0);
    const shown = events.slice(from, from + 100);
    const next = shown.length === 100 ? { next: String(from + 100) } : {};
    return route.fulfill({ json: { events: shown, unanswered: silent, ...next } });
  });
  // Nothing comes meanwhile, and nobody asks again soon.
  await page.route("**/v1/events/stream*", (route) =>
    route.fulfill({ contentType: "text/event-stream", body: "retry: 600000\n\n" }),
  );
  await page.route("**/v1/audit*", (route) =>
    route.fulfill({
      json: {
        entries: [
          {
            at: at(50),
            server: "b",
            who: "Ann",
            from: "10.1.1.1",
            operation: "suspendQueue",
            target: "Out;[10.0.0.9]:25",
            eventId: 20530,
            text: "Ann suspended the queue Out;[10.0.0.9]:25",
          },
        ],
      },
    }),
  );
  return { done, stop: () => page.unrouteAll({ behavior: "ignoreErrors" }) };
}
