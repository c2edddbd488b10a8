import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Connection } from "./connection.ts";

let server: Server;
let client: Socket;
let accepted: Socket;
let served: Connection;
let nowMs = 1_000;
let said: string[];

beforeEach(async () => {
  nowMs = 1_000;
  said = [];
  server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const arriving = once(server, "connection") as Promise<[Socket]>;
  client = connect((server.address() as { port: number }).port, "127.0.0.1");
  [accepted] = await arriving;
  served = new Connection(accepted, () => nowMs);
  served.serve({
    receive: (octets) => void said.push(octets.toString()),
    secured: () => void said.push("secured"),
    handshakeFailed: (code) => void said.push(`handshake failed: ${code}`),
    writable: () => void said.push("writable"),
    inputEnded: () => void said.push("ended"),
    closed: () => {
      said.push("closed");
      served.destroy();
    },
  });
});

afterEach(() => {
  client.destroy();
  served.destroy();
  server.close();
});

const until = async (text: string): Promise<void> => {
  while (!said.includes(text)) await new Promise((resolve) => setImmediate(resolve));
};
const read = async (): Promise<string> => {
  let text = "";
  for await (const piece of client) text += String(piece);
  return text;
};

test("hears, answers, and knows when something last moved", async () => {
  expect([served.openedAt, served.lastActivityAt]).toEqual([1_000, 1_000]);
  nowMs = 2_000;
  client.write("a");
  await until("a");
  expect(served.lastActivityAt).toBe(2_000);
  nowMs = 3_000;
  expect(served.write("b")).toBe(true);
  expect(served.lastActivityAt).toBe(3_000);
  client.end("c");
  await until("ended");
  served.close();
  expect(await read()).toBe("b");
  expect(said.filter((word) => word !== "writable")).toEqual(["a", "c", "ended"]);
  await until("closed");
});

test("what is sent behind the end is not heard, and nothing more is said", async () => {
  served.close();
  client.write("late");
  nowMs = 9_000;
  expect(served.write("never")).toBe(true);
  expect(served.lastActivityAt).toBe(1_000);
  expect(await read()).toBe("");
  client.end();
  await until("closed");
  expect(said).toEqual(["closed"]);
});

test("a pause lasts until it is taken back", async () => {
  served.pause();
  served.pause();
  await new Promise((resolve) => client.write("a", resolve));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(said).toEqual([]);
  served.resume();
  await until("a");
});

test("replies left unread make it wait", async () => {
  client.pause();
  const piece = "x".repeat(60 * 1024);
  while (served.write(piece)) await new Promise((resolve) => setImmediate(resolve));
  client.resume();
  await until("writable");
  expect(served.write("")).toBe(true);
});

test("the end is told once, whoever brings it", async () => {
  served.destroy();
  served.destroy();
  await once(client, "close");
  expect(said).toEqual(["closed"]);
});

test("lingers for three seconds from its first close on", () => {
  expect(served.lingersAt(1e9)).toBe(false);
  nowMs = 5_000;
  served.close();
  nowMs = 6_000;
  served.close();
  served.closeAtOnce();
  expect([7_999, 8_000].map((now) => served.lingersAt(now))).toEqual([false, true]);
});

test("replies leave behind the turn, in one write, and before an end of any kind", async () => {
  let writes = 0;
  const write = accepted.write.bind(accepted);
  accepted.write = (octets: string | Uint8Array) => {
    writes++;
    return write(octets);
  };
  served.write("a");
  served.write("b");
  expect(writes).toBe(0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(writes).toBe(1);
  served.write("c");
  served.destroy();
  expect(await read()).toBe("abc");
});

test("closes at once behind the last reply", async () => {
  served.write("bye");
  served.closeAtOnce();
  expect(served.closingSince).toBe(1_000);
  expect(await read()).toBe("bye");
  await until("closed");
});
