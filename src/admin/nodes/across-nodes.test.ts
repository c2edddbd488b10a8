import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { freePort } from "../../testing/free-port.ts";
import { testCertificate } from "../../testing/test-certificate.ts";
import type { Asked, Handlers } from "../administered.ts";
import { acrossNodes } from "./across-nodes.ts";
import { fingerprintOfPem } from "./node-channel.ts";

const { cert, key } = await testCertificate("relay.test");
const pair = { cert: Buffer.from(cert), key: Buffer.from(key) };
const asked = {
  caller: { name: "Ann", role: "viewer", from: "socket" },
  signal: new AbortController().signal,
} as unknown as Asked;
const none = { refusals: [], total: 0, since: new Date(0).toISOString() };
const own = { listRefusals: () => none } as unknown as Handlers;

type Look = "down" | "stopped" | "lives" | "no database";

test.each<[Look, string]>([
  ["down", "it is down"],
  ["stopped", "it is stopped"],
  ["lives", "nobody listens there"],
  ["no database", "nobody listens there"],
])("a node that was there at the last look and does not answer, and is then: %s", async (found, reason) => {
  const address = `127.0.0.1:${await freePort()}`;
  let gone: "down" | "stopped" | undefined;
  const node = {
    name: "b",
    get peers() {
      return [{ name: "a", address, fingerprint: "00", gone }];
    },
    look() {
      if (found === "no database") return Promise.reject(new Error("away"));
      if (found !== "lives") gone = found;
      return Promise.resolve();
    },
  };
  const across = acrossNodes(
    own,
    node as never,
    () => pair,
    () => undefined as never,
  );
  try {
    const input = { limit: 10 } as never;
    expect(await across.handlers.listRefusals(input, asked)).toEqual({
      ...none,
      unanswered: [{ server: "a", reason }],
    });
  } finally {
    across.close();
  }
});

test("a node that was stopped at the last look and is back is asked where it is now", async () => {
  const server = createServer({ ...pair, minVersion: "TLSv1.3" }, (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(none));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const fingerprint = fingerprintOfPem(pair.cert);
  const back = { name: "a", address: `127.0.0.1:${port}`, fingerprint, gone: undefined };
  const before = [
    { ...back, gone: "stopped" as const },
    { ...back, address: `127.0.0.1:${await freePort()}` },
  ];
  for (const peer of before) {
    const node = {
      name: "b",
      peers: [peer],
      look: () => Promise.resolve(void (node.peers = [back as never])),
    };
    const across = acrossNodes(
      own,
      node as never,
      () => pair,
      () => undefined as never,
    );
    try {
      expect(await across.handlers.listRefusals({ limit: 10 }, asked)).not.toHaveProperty("unanswered");
    } finally {
      across.close();
    }
  }
  server.close();
});

test.each([
  [404, { code: "notFound", message: "there is no GET /v1/refusals" }, "does not know this question"],
  [
    400,
    {
      code: "invalidInput",
      message: "limit: is not known here",
      faults: [{ path: "limit", line: 0, column: 0, message: "is not known here" }],
    },
    "does not know limit",
  ],
])(
  "a node of a release that does not know the question is named, and the rest is shown",
  async (status, error, why) => {
    const server = createServer({ ...pair, minVersion: "TLSv1.3" }, (_request, response) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error }));
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const peer = {
      name: "a",
      address: `127.0.0.1:${port}`,
      fingerprint: fingerprintOfPem(pair.cert),
      gone: undefined,
    };
    const across = acrossNodes(
      own,
      { name: "b", peers: [peer], look: () => Promise.resolve() } as never,
      () => pair,
      () => undefined as never,
    );
    try {
      expect(await across.handlers.listRefusals({ limit: 10 }, asked)).toEqual({
        ...none,
        unanswered: [{ server: "a", reason: `it runs another release, which ${why}` }],
      });
      // Also where it alone is asked.
      const input = { limit: 10, server: "a" };
      await expect(across.handlers.listRefusals(input, asked)).rejects.toMatchObject({
        code: "nodeAway",
        message: `a did not answer: it runs another release, which ${why}`,
      });
    } finally {
      across.close();
      server.close();
    }
  },
);
