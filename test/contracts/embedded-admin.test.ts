/** A relay inside another program: it can be looked at over its socket, when asked for, and not changed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connectAdmin, NoRelayError } from "../../src/admin/client.ts";
import { createRelay } from "../../src/index.ts";

test("admin: true opens the API with the relay and closes it with it", async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), "weir-embedded-"));
  const configuration = {
    dataDirectory,
    receiveConnectors: [{ name: "A", bindings: ["127.0.0.1:0"], remoteIpRanges: ["127.0.0.0/8"] }],
  };
  const relay = await createRelay(configuration, {}, { admin: true });
  try {
    await relay.start();
    const client = await connectAdmin({ dataDirectory });
    expect(await client.call("about", {})).toMatchObject({ configFile: null, sessions: 0 });
    expect(relay.sessions).toBe(0);
    await expect(
      client.call("setReceiveConnector", { name: "A", settings: { enabled: false } }),
    ).rejects.toMatchObject({ name: "AdminError", code: "noFile" });
    await relay.stop();
    await expect(client.call("about", {})).rejects.toThrow(NoRelayError);
  } finally {
    await relay.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
});
