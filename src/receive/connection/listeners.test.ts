import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Endpoint } from "../../core/policy/receive-connector.ts";
import type { Events } from "../../events/events.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { freePort } from "../../testing/free-port.ts";
import { receiveConnector } from "../../testing/test-settings.ts";
import { createListeners, type Listeners } from "./listeners.ts";

const opened: { listeners: Listeners; sockets: Socket[] }[] = [];
afterEach(async () => {
  for (const { listeners, sockets } of opened.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await listeners.close();
  }
});

function listening() {
  const said: string[] = [];
  const arrived: Endpoint[] = [];
  const sockets: Socket[] = [];
  const clock = createFakeClock();
  const events = {
    emit: (name: string, fields: { endpoint: string; connectors?: string; sessions?: number }) =>
      void said.push(`${name} ${fields.endpoint} ${fields.connectors ?? fields.sessions}`),
  } as unknown as Events;
  const listeners = createListeners(
    events,
    (socket, endpoint) => {
      sockets.push(socket);
      arrived.push(endpoint);
    },
    () => 3,
    clock,
  );
  opened.push({ listeners, sockets });
  return { listeners, said, arrived, clock };
}

const connector = (name: string, bindings: readonly Endpoint[], enabled = true) =>
  receiveConnector({ name, bindings, enabled });

/** "in" when somebody listens there, else the error's code. */
const reach = ({ address, port }: Endpoint): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port }, () => {
      resolve("in");
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
  });

test("one socket for each endpoint, under the names of all its connectors, until it is in no settings", async () => {
  const { listeners, said, arrived } = listening();
  const [one, two] = [
    { address: "127.0.0.1", port: await freePort() },
    { address: "127.0.0.1", port: await freePort() },
  ];
  const at = ({ address, port }: Endpoint): string => `${address}:${port}`;
  expect(
    await listeners.apply([connector("A", [one, two]), connector("B", [one]), connector("C", [one], false)]),
  ).toEqual([]);
  expect(said).toEqual([`ListenerOpened ${at(one)} A, B`, `ListenerOpened ${at(two)} A`]);
  expect(await Promise.all([one, two].map(reach))).toEqual(["in", "in"]);
  expect(arrived).toMatchObject([one, two]);

  said.length = 0;
  await listeners.apply([connector("B", [one])]);
  expect(said).toEqual([`ListenerClosed ${at(two)} 3`]);
  expect(listeners.open).toMatchObject([{ endpoint: one, bound: one, connectors: ["B"] }]);
  expect(await Promise.all([one, two].map(reach))).toEqual(["in", "ECONNREFUSED"]);

  await listeners.close();
  expect([await reach(one), listeners.open]).toEqual(["ECONNREFUSED", []]);
});

test("port 0 is whatever the system gives", async () => {
  const { listeners } = listening();
  await listeners.apply([connector("A", [{ address: "127.0.0.1", port: 0 }])]);
  const [only] = listeners.open;
  expect(only?.endpoint.port).toBe(0);
  expect(only && (await reach(only.bound))).toBe("in");
});

test("what cannot be opened is told and returned; the others open", async () => {
  const { listeners, said } = listening();
  const taken = listening();
  const one = { address: "127.0.0.1", port: await freePort() };
  const two = { address: "127.0.0.1", port: await freePort() };
  await taken.listeners.apply([connector("X", [one])]);
  const failures = await listeners.apply([connector("A", [one, two])]);
  expect(failures).toMatchObject([{ endpoint: one, error: { code: "EADDRINUSE" } }]);
  expect(said).toEqual([`ListenerFailed 127.0.0.1:${one.port} A`, `ListenerOpened 127.0.0.1:${two.port} A`]);
});

test("a wildcard listens for the addresses of its family, not for those of port 0", async () => {
  const { listeners } = listening();
  const port = await freePort();
  await listeners.apply([
    connector("All", [{ address: "0.0.0.0", port }]),
    connector("One", [
      { address: "127.0.0.1", port },
      { address: "127.0.0.1", port: 0 },
    ]),
    connector("Any", [{ address: "0.0.0.0", port: 0 }]),
  ]);
  expect(listeners.open.map(({ endpoint, connectors }) => [endpoint.address, connectors.join()])).toEqual([
    ["0.0.0.0", "All,One"],
    ["127.0.0.1", "One"],
    ["0.0.0.0", "Any"],
  ]);
});

test("a port that somebody holds is tried again, told once, and opened when it is free", async () => {
  const { listeners, said, clock } = listening();
  const holder = listening();
  const endpoint = { address: "127.0.0.1", port: await freePort() };
  await holder.listeners.apply([connector("X", [endpoint])]);
  await listeners.apply([connector("A", [endpoint])]);
  await clock.advance(30_000);
  await expect.poll(() => clock.pendingTimers).toBe(1);
  expect(said).toEqual([`ListenerFailed 127.0.0.1:${endpoint.port} A`]);
  expect(listeners.failed).toHaveLength(1);

  await holder.listeners.close();
  await clock.advance(30_000);
  await expect.poll(() => said.at(-1)).toBe(`ListenerOpened 127.0.0.1:${endpoint.port} A`);
  expect([listeners.failed, clock.pendingTimers]).toEqual([[], 0]);
});
