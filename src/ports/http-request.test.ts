import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createFakeClock } from "../testing/fake-clock.ts";
import { createHttpRequest, HttpFailure, type OutgoingRequest } from "./http-request.ts";

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** `answers`: false, and nothing is ever said; or octets. */
async function asked(answers: boolean | string, more: Partial<OutgoingRequest> = {}) {
  const clock = createFakeClock();
  const resolved: string[] = [];
  let heard: () => void = () => {};
  const hears = new Promise<void>((resolve) => (heard = resolve));
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      heard();
      if (typeof answers === "string") request.socket.write(answers);
      else if (answers) response.writeHead(201, { "X-Note": "a" }).end("done");
    });
  });
  open.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const request = createHttpRequest({
    clock,
    dns: {
      addresses(host) {
        resolved.push(host);
        return host === "login.test"
          ? Promise.resolve(["127.0.0.1"])
          : Promise.reject(new Error("no such name"));
      },
    },
  });
  const outgoing = {
    method: "POST",
    url: `http://login.test:${(server.address() as AddressInfo).port}/secret-path`,
    headers: { authorization: "Bearer s3cret" },
    body: "client_secret=s3cret",
    timeoutMs: 30_000,
    mostBytes: 100,
    ...more,
  } as const;
  return { clock, resolved, hears, answer: request(outgoing).catch((error: unknown) => error) };
}

it("resolves names by our own resolver", async () => {
  const { answer, resolved } = await asked(true);
  const { status, headers, body } = (await answer) as { status: number; headers: object; body: Buffer };
  expect([status, headers, body.toString()]).toEqual([
    201,
    expect.objectContaining({ "x-note": "a" }),
    "done",
  ]);
  expect(resolved).toEqual(["login.test"]);
});

it("ends when nothing is said, and tells that the request was sent", async () => {
  const { answer, clock, hears } = await asked(false);
  await hears;
  await clock.advance(30_000);
  const failure = await answer;
  expect(failure).toBeInstanceOf(HttpFailure);
  expect(failure).toMatchObject({ message: "no answer within 30 s", sent: true });
  expect(JSON.stringify(failure) + String(failure)).not.toContain("s3cret");
});

it.each([
  [
    "another protocol",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    "it answered 101",
  ],
  [
    "informational answers and no end of them",
    "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(40),
    "more than 16 answers with 1xx, and none of the request",
  ],
])("ends with %s", async (_, octets, message) => {
  const { answer } = await asked(octets);
  expect(await answer).toMatchObject({ name: "HttpFailure", message, sent: true });
});

it("is given up by its signal", async () => {
  const giveUp = new AbortController();
  const { answer, hears } = await asked(false, { signal: giveUp.signal });
  await hears;
  giveUp.abort();
  expect(await answer).toMatchObject({ name: "HttpFailure", message: "given up" });
  expect(await (await asked(true, { signal: AbortSignal.abort() })).answer).toMatchObject({ sent: false });
});

it("fails by name, with nothing sent", async () => {
  const { answer } = await asked(true, { url: "https://elsewhere.test/" });
  expect(await answer).toMatchObject({ message: "no such name", sent: false });
});

describe("a large body", () => {
  const uploads = { connectTimeoutMs: 10_000, stalledTimeoutMs: 20_000 };
  const body = Buffer.alloc(4_000_000, "x");

  it("goes whole, and waits for its answer", async () => {
    const { answer } = await asked(true, { body, uploads });
    expect(await answer).toMatchObject({ status: 201 });
  });

  it("is given up where nobody answers it, and may have been acted upon", async () => {
    const { answer, hears, clock } = await asked(false, { body, uploads });
    await hears;
    await clock.advance(29_000);
    await clock.advance(2_000);
    expect(await answer).toMatchObject({ message: "no answer within 30 s", reached: true, sent: true });
  });

  it.each([
    ["no connection", "no connection within 10 s", false],
    ["no progress", "no progress of the request within 20 s", true],
  ])("ends with %s", async (what, message, reached) => {
    const silent = createTcpServer((socket) => socket.pause());
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const clock = createFakeClock();
    const request = createHttpRequest({
      clock,
      dns: { addresses: () => (reached ? Promise.resolve(["127.0.0.1"]) : new Promise(() => {})) },
    });
    const connected = once(silent, "connection");
    const answer = request({
      method: "POST",
      url: `http://name.test:${(silent.address() as AddressInfo).port}/`,
      headers: {},
      body: Buffer.alloc(30_000_000),
      timeoutMs: 30_000,
      uploads,
      mostBytes: 100,
    }).catch((error: unknown) => error);
    if (reached) {
      const [socket] = (await connected) as [Socket];
      open.push({ close: () => silent.close(), closeAllConnections: () => socket.destroy() } as never);
    } else silent.close();
    let isOver = false;
    void answer.then(() => (isOver = true));
    // Again as long as the system's own buffers are not full.
    await vi.waitUntil(
      async () => {
        await clock.advance(uploads[reached ? "stalledTimeoutMs" : "connectTimeoutMs"] + 1);
        return isOver;
      },
      { interval: 10 },
    );
    expect(await answer).toMatchObject({ message, reached, sent: false });
    void what;
  });

  it("takes an answer that comes before the end of it", async () => {
    const server = createServer((_, response) => {
      response.writeHead(413, { connection: "close" }).end();
    });
    open.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const request = createHttpRequest({
      clock: createFakeClock(),
      dns: { addresses: () => Promise.resolve(["127.0.0.1"]) },
    });
    const url = `http://name.test:${(server.address() as AddressInfo).port}/`;
    const outgoing = {
      method: "POST",
      url,
      headers: {},
      timeoutMs: 30_000,
      uploads,
      mostBytes: 100,
    } as const;
    expect(await request({ ...outgoing, body: Buffer.alloc(1_000_000) })).toMatchObject({ status: 413 });
  });
});
