import { expect, test, vi } from "vitest";
import { createEventLog } from "../events/event-log.ts";
import type { EventRecord } from "../events/events.ts";
import { createFakeClock } from "../testing/fake-clock.ts";
import type { Handlers } from "./administered.ts";
import { createAdminApp } from "./app.ts";
import type { Caller } from "./caller.ts";
import { requestOf } from "./client.ts";
import { operations, routes, type OperationName, type Role } from "./contract.ts";
import { queryValues } from "./read-input.ts";
import { serverSentEvents } from "./server-sent-events.ts";
import { streamEvents, type OpenStreams } from "./stream-events.ts";
import { Readable } from "node:stream";

const clock = createFakeClock();

function appFor(role: Role | undefined, handlers: Partial<Handlers>) {
  const events = createEventLog({ clock, levels: {} });
  const told: EventRecord[] = [];
  events.subscribe((record) => told.push(record));
  const app = createAdminApp({
    handlers: handlers as Handlers,
    events,
    clock,
    streams: new Set(),
  });
  const caller: Caller | undefined = role && { name: "Ann", role, from: "192.0.2.7" };
  const ask = (path: string, method = "GET") =>
    app.request(path, { method }, caller === undefined ? {} : { caller });
  return { ask, told };
}

test.each<[Role | undefined, OperationName, number]>([
  ["viewer", "listQueues", 200],
  ["viewer", "retryQueue", 403],
  ["operator", "retryQueue", 200],
  ["operator", "removeReceiveConnector", 403],
  ["administrator", "removeReceiveConnector", 200],
  [undefined, "about", 403],
])("%s asks %s: %i", async (role, name, status) => {
  const handler = vi.fn(() => ({}) as never);
  const { ask, told } = appFor(role, { [name]: handler });
  const { method, path } = requestOf(routes[name], routes[name].path.includes("{name}") ? { name: "A" } : {});
  const response = await ask(path, method);
  expect(response.status).toBe(status);
  expect(handler).toHaveBeenCalledTimes(status === 200 ? 1 : 0);
  const outcome = status === 200 ? "did" : "was refused";
  const target = path.includes("A") ? "A" : "";
  expect(told.map(({ name: event, fields }) => ({ event, ...fields }))).toEqual(
    method === "GET"
      ? []
      : [{ event: "AdminAction", who: "Ann", from: "192.0.2.7", outcome, operation: name, target }],
  );
});

const ranks: readonly (Role | undefined)[] = [undefined, "viewer", "operator", "administrator"];
test.each(Object.keys(routes) as OperationName[])("%s is for its role and those above", async (name) => {
  const { method, path, role } = routes[name];
  for (const asking of ranks) {
    const answer = "stream" in routes[name] ? () => undefined : {};
    const { ask } = appFor(asking, { [name]: () => answer as never });
    const response = await ask(path.replace(/\{\w+\}/g, "A"), method);
    await response.body?.cancel();
    expect(response.status === 403, `${asking} asks ${name}`).toBe(
      ranks.indexOf(asking) < ranks.indexOf(role),
    );
  }
});

test("a fault of a handler is one answer and one event", async () => {
  const { ask, told } = appFor("administrator", {
    about() {
      throw new Error("oh");
    },
  });
  const response = await ask("/v1/about");
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({ error: { code: "fault", message: "a fault in the relay: oh" } });
  expect(told.map(({ name }) => name)).toEqual(["RelayFault"]);
});

test("paths differ, and each placeholder is in the input", () => {
  const names = Object.keys(routes) as OperationName[];
  expect(new Set(names.map((name) => `${routes[name].method} ${routes[name].path}`)).size).toBe(names.length);
  for (const name of names) {
    for (const [, key] of routes[name].path.matchAll(/\{(\w+)\}/g)) {
      expect(Object.keys(operations[name].input.shape)).toContain(key);
    }
  }
});

test.each([
  [{ eventIds: [1021], source: "10.0.0.1", text: "7" }],
  [{ eventIds: [1021, 1009], severities: ["Error"], limit: 5 }],
  [{ connector: "true", text: "[1]" }],
])("a query brings %j back", (input) => {
  const { path } = requestOf(routes.queryEvents, input);
  const query = new URL(path, "http://weir").searchParams;
  const texts = Object.fromEntries([...query.keys()].map((key) => [key, query.getAll(key)]));
  expect(queryValues(operations.queryEvents.input, texts)).toEqual(input);
});

test("a reader that does not keep up is cut off, one that does hears all and signs of life", async () => {
  const streams: OpenStreams = new Set();
  let push: (item: unknown) => void = () => undefined;
  let following = 0;
  const follow = (next: (item: unknown) => void) => {
    push = next;
    following++;
    return () => void following--;
  };
  const { signal } = new AbortController();
  const slow = streamEvents(follow, { clock, streams, signal });
  for (let i = 0; i < 20_000; i++) push(i);
  expect([following, streams.size]).toEqual([0, 0]);
  expect((await slow.text()).split("\n").length).toBeLessThan(25_000);

  const steady = streamEvents(follow, { clock, streams, signal });
  push("a\nb");
  await clock.advance(15_000);
  for (const end of streams) end();
  expect(following).toBe(0);
  const text = await steady.text();
  expect(text).toBe(':\n\ndata: "a\\nb"\n\n:\n\n');
  const heard: string[] = [];
  for await (const data of serverSentEvents(Readable.from(text.split(/(?=b)/)))) heard.push(data);
  expect(heard).toEqual(['"a\\nb"']);
});
