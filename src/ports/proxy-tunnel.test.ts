import { once } from "node:events";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer, type Server as SecureServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { issueServerCertificate } from "../testing/test-authority.ts";
import { createHttpRequest, HttpFailure, type OutgoingRequest } from "./http-request.ts";
import { createSystemPorts } from "./system-ports.ts";

const sockets = new Set<Socket>();
let server: SecureServer;
let proxy: Server;
let ca: string;
/** What the proxy was asked for. */
let asked: string[] = [];
let proxyDoes: "tunnels" | "refuses" | "hangs" = "tunnels";
const portOf = (of: Server | SecureServer): number => (of.address() as AddressInfo).port;

beforeAll(async () => {
  const certificate = await issueServerCertificate(undefined, { names: ["receiver.test"] });
  ca = certificate.cert;
  server = createServer(certificate, (request, response) => {
    request.resume();
    request.on("end", () => response.end("taken"));
  }).listen(0, "127.0.0.1");
  proxy = createHttpServer((request, response) => {
    request.resume();
    response.writeHead(405).end();
  }).listen(0, "127.0.0.1");
  for (const one of [server, proxy])
    one.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
    });
  await Promise.all([server, proxy].map((one) => once(one, "listening")));
  proxy.on("connect", ({ url = "" }: { readonly url?: string }, client: Socket) => {
    asked.push(url);
    if (proxyDoes === "hangs") return;
    if (proxyDoes === "refuses") return void client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    const to = connect(portOf(server), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      client.pipe(to).pipe(client);
    });
    to.on("error", () => client.destroy());
    sockets.add(to);
  });
});
beforeEach(() => {
  asked = [];
  proxyDoes = "tunnels";
});
afterAll(() => {
  for (const one of [server, proxy]) one.close();
  for (const socket of sockets) socket.destroy();
});

/** The body, or why there is none. */
async function post(given: Partial<OutgoingRequest> = {}): Promise<string> {
  const names: string[] = [];
  const { clock } = createSystemPorts();
  const dns = {
    addresses: (host: string) => {
      names.push(host);
      return Promise.resolve(["127.0.0.1"]);
    },
  };
  try {
    const { body } = await createHttpRequest({ clock, dns })({
      method: "POST",
      url: `https://receiver.test:${portOf(server)}/hook`,
      headers: {},
      body: "{}",
      timeoutMs: 5_000,
      mostBytes: 1_000,
      ca: [ca],
      proxy: `http://proxy.test:${portOf(proxy)}`,
      ...given,
    });
    return `${body.toString()} ${names.join(" ")}`;
  } catch (fault) {
    if (!(fault instanceof HttpFailure)) throw fault;
    return fault.message;
  }
}

test("https goes through the proxy, which resolves the receiver's name", async () => {
  expect(await post()).toBe("taken proxy.test");
  expect(asked).toEqual([`receiver.test:${portOf(server)}`]);
  expect(await post({ proxy: undefined })).toBe("taken receiver.test");
  expect(asked.length).toBe(1);
});

test("whose certificate it is counts behind a proxy as without", async () => {
  for (const way of [{}, { proxy: undefined }]) {
    expect(await post({ ...way, ca: undefined })).toMatch(/self.signed/);
    expect(await post({ ...way, url: `https://other.test:${portOf(server)}/` })).toMatch(/other\.test/);
  }
});

test("a proxy that refuses, hangs or is not there is told by its name", async () => {
  proxyDoes = "refuses";
  expect(await post()).toMatch(/^403 instead of a tunnel \(proxy proxy\.test:\d+\)$/);
  proxyDoes = "hangs";
  expect(await post({ timeoutMs: 50 })).toBe("no answer within 0.05 s");
  expect(await post({ proxy: "http://proxy.test:9" })).toMatch(/ECONNREFUSED.*proxy/);
});
