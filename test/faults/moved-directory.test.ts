/** The data directory is moved away under a running relay, and comes back. */
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { startTemporaryRelay } from "../../src/testing/temporary-relay.ts";

test("clients get a 4xx at MAIL, it is not ready and says why, and goes on when it is back", async () => {
  const parent = await mkdtemp(join(tmpdir(), "weir-moved-"));
  const data = join(parent, "data");
  const relay = await startTemporaryRelay({ dataDirectory: data });
  const client = await connectScriptedClient({ port: relay.port });
  const told = (name: string) => relay.events.filter((event) => event.name === name).length;
  try {
    await client.expect(220);
    await client.command("EHLO app.example");
    await rename(data, join(parent, "data2"));
    await expect.poll(() => told("SpoolMisplaced")).toBe(1);
    expect((await client.command("MAIL FROM:<a@b.example>")).code).toBe(451);
    const { ready, reasons } = await relay.relay.readiness();
    expect([ready, reasons.join()]).toEqual([false, expect.stringContaining("was moved or removed")]);
    expect(await readdir(parent)).toEqual(["data2"]);

    await rename(join(parent, "data2"), data);
    await expect.poll(() => told("SpoolInPlaceAgain")).toBe(1);
    expect((await client.command("MAIL FROM:<a@b.example>")).code).toBe(250);
  } finally {
    client.close();
    await relay.halt();
    await rm(parent, { recursive: true });
  }
});
