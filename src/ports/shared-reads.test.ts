import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { shareReads } from "./shared-reads.ts";

let server: Server;
const open: Socket[] = [];
beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
  server.close();
});

async function pair(): Promise<{ near: Socket; far: Socket }> {
  const far = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [near] = (await once(server, "connection")) as [Socket];
  open.push(near, far);
  return { near, far };
}

/** What was heard, copied as it came. */
function heardOn(socket: Socket): { text: string; shared: boolean } {
  const heard = { text: "", shared: false };
  heard.shared = shareReads(socket, (octets) => (heard.text += octets.toString("latin1")));
  socket.resume();
  return heard;
}

test("this Node has the way, for sockets of a server and of a client", async () => {
  const { near, far } = await pair();
  const there = heardOn(near);
  const here = heardOn(far);
  expect([there.shared, here.shared]).toEqual([true, true]);
  near.write("from the server");
  far.write("from the client");
  await expect.poll(() => [here.text, there.text]).toEqual(["from the server", "from the client"]);
});

test("many sockets, pieces in turns: each hears its own octets, in order", async () => {
  const pairs = [];
  for (let i = 0; i < 8; i++) pairs.push(await pair());
  const heard = pairs.map(({ near }) => heardOn(near));
  const sent = pairs.map(() => "");
  for (let turn = 0; turn < 50; turn++) {
    pairs.forEach(({ far }, i) => {
      const piece = `${i}:${turn} `.repeat(1 + ((turn * 37 + i) % 400));
      sent[i] += piece;
      far.write(piece);
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(() => heard.forEach(({ text }, i) => expect(text).toBe(sent[i])));
});

test("a paused socket hears nothing until it is resumed", async () => {
  const { near, far } = await pair();
  const heard = heardOn(near);
  near.pause();
  far.write("later");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(heard.text).toBe("");
  near.resume();
  await expect.poll(() => heard.text).toBe("later");
});

test("the end is told as ever, behind the last octets", async () => {
  const { near, far } = await pair();
  const heard = heardOn(near);
  far.end("good-bye");
  await once(near, "end");
  expect(heard.text).toBe("good-bye");
});

test("octets that were put back before come by `data`, first", async () => {
  const { near, far } = await pair();
  near.pause();
  near.unshift(Buffer.from("first "));
  const heard: string[] = [];
  near.on("data", (octets: Buffer) => heard.push(octets.toString()));
  expect(shareReads(near, (octets) => heard.push(octets.toString()))).toBe(true);
  far.write("second");
  near.resume();
  await expect.poll(() => heard.join("")).toBe("first second");
});

test("who has no handle, or has one that is read otherwise, keeps `data`", async () => {
  const { near, far } = await pair();
  expect(shareReads(new Duplex() as unknown as Socket, () => {})).toBe(false);
  expect(heardOn(near).shared).toBe(true);
  expect(heardOn(near).shared).toBe(false);
  far.destroy();
  await once(far, "close");
  expect(heardOn(far).shared).toBe(false);
});
