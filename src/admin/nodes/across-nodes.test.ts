import { expect, test } from "vitest";
import { freePort } from "../../testing/free-port.ts";
import { testCertificate } from "../../testing/test-certificate.ts";
import type { Asked, Handlers } from "../administered.ts";
import { acrossNodes } from "./across-nodes.ts";

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
