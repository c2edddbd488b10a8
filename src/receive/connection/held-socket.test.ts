import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { holdSocket } from "./held-socket.ts";

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

function held() {
  const stream = new PassThrough();
  let left = 0;
  const socket = holdSocket(stream as unknown as Socket, () => void left++);
  return { stream, socket, left: () => left };
}

test("what comes is kept, and put back for the next reader", async () => {
  const { stream, socket, left } = held();
  stream.write("EHLO ");
  stream.write("x\r\n");
  await turns();
  expect(socket.keptBytes).toBe(8);
  socket.letGo();
  expect(stream.isPaused()).toBe(true);
  stream.end("MORE");
  let text = "";
  for await (const piece of stream) text += String(piece);
  expect([text, left()]).toEqual(["EHLO x\r\nMORE", 0]);
});

test("nothing that came leaves nothing to put back", async () => {
  const { stream, socket } = held();
  await turns();
  socket.letGo();
  stream.end("a");
  expect(stream.isPaused()).toBe(true);
  expect((await stream.toArray()).join("")).toBe("a");
});

test.each([
  [16 * 1024, false],
  [16 * 1024 + 1, true],
])("of %d octets no more is read: %s", async (octets, paused) => {
  const { stream, socket } = held();
  stream.write(Buffer.alloc(octets));
  await turns();
  expect([socket.keptBytes, stream.isPaused()]).toEqual([octets, paused]);
});

test.each<[string, (stream: PassThrough) => unknown]>([
  ["an end", (stream) => stream.end()],
  ["a death", (stream) => stream.destroy()],
])("%s is told once", async (_, end) => {
  const { stream, left } = held();
  end(stream);
  await turns();
  stream.destroy();
  await turns();
  expect(left()).toBe(1);
});
