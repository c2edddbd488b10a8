import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { exchange, readAnswer } from "./exchange.ts";

const folder = mkdtempSync(join(tmpdir(), "weir-exchange-"));
const open: Server[] = [];
afterAll(() => {
  for (const server of open) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function listening(server: Server): Promise<string> {
  const path = join(folder, `${open.length}.sock`);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

const longText = "ü€😀".repeat(50_000);

test("request and answer as an HTTP server has them, whatever their length", async () => {
  const path = await listening(
    createHttpServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        response.statusCode = request.method === "GET" ? 200 : 409;
        // Without a length: in chunks, were it not HTTP/1.0.
        response.write(`${request.url} ${request.headers["content-type"]} `);
        response.end(Buffer.concat(chunks));
      });
    }),
  );
  expect(await exchange(path, { method: "GET", path: "/v1/x?a=%C3%BC", body: undefined })).toEqual({
    status: 200,
    body: "/v1/x?a=%C3%BC undefined ",
  });
  expect(await exchange(path, { method: "PUT", path: "/y", body: longText })).toEqual({
    status: 409,
    body: `/y application/json ${longText}`,
  });
});

test("nobody there, a connection that breaks off, a wait that is given up", async () => {
  const request = { method: "GET", path: "/", body: undefined };
  await expect(exchange(join(folder, "none.sock"), request)).rejects.toThrow("ENOENT");
  const silent = await listening(createServer((socket) => socket.on("data", () => socket.destroy())));
  await expect(exchange(silent, request)).rejects.toThrow("broke off");
  const slow = await listening(createServer((socket) => socket.on("error", () => undefined)));
  const interruption = new AbortController();
  const asked = exchange(slow, request, interruption.signal);
  interruption.abort();
  await expect(asked).rejects.toThrow("abort");
});

test.each([
  ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", { status: 200, body: "{}" }],
  ["HTTP/1.0 500 No\r\n\r\n", { status: 500, body: "" }],
  ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", undefined],
  ["HTTP/1.1 200 OK\r\nContent-Le", undefined],
  ["220 relay ESMTP\r\n\r\n", undefined],
  ["", undefined],
])("%j is %j", (text, expected) => {
  const read = () => readAnswer(Buffer.from(text));
  if (expected === undefined) expect(read).toThrow("broke off its answer");
  else expect(read()).toEqual(expected);
});
