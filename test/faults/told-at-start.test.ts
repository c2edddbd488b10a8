/** What the opening of the spool finds is in the event log too, not on the console alone. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startTemporaryRelay } from "../../src/testing/temporary-relay.ts";

test("a journal that cannot be read is stored as an event", async () => {
  const data = await mkdtemp(join(tmpdir(), "weir-told-"));
  await mkdir(join(data, "spool", "journal"), { recursive: true });
  await writeFile(join(data, "spool", "journal", "0"), Buffer.alloc(8192, "x"));
  const relay = await startTemporaryRelay({ dataDirectory: data });
  try {
    const stored = await relay.relay.eventStore.query({ limit: 100 });
    expect(stored.map(({ id, text }) => [id, text])).toContainEqual([
      20207,
      expect.stringContaining("segment 0 of the journal cannot be read"),
    ]);
  } finally {
    await relay.halt();
    await rm(data, { recursive: true, force: true });
  }
});
