/** `Get-EventLog -Follow` against a relay that is slow to follow. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { serveAdmin } from "../admin/server.ts";
import { type OpenStreams, streamEvents } from "../admin/stream-events.ts";
import { createFakeClock } from "../testing/fake-clock.ts";
import { recordingOutput } from "../testing/recording-output.ts";
import { main } from "./main.ts";

test("what is there already is asked for when the relay follows, so that nothing between the two is missed", async () => {
  const folder = await mkdtemp(join(tmpdir(), "weir-follow-"));
  const file = join(folder, "weir.yaml");
  await writeFile(file, `dataDirectory: ${folder}\n`);
  const happened: string[] = [];
  const streams: OpenStreams = new Set();
  const server = await serveAdmin(folder, async ({ url, signal }) => {
    if (!new URL(url).pathname.endsWith("/stream")) {
      happened.push("was asked");
      return Response.json({ events: [] });
    }
    await delay(50);
    return streamEvents(
      () => {
        happened.push("follows");
        return () => undefined;
      },
      { clock: createFakeClock(), streams, signal },
    );
  });
  try {
    const output = recordingOutput();
    const ended = main(["Get-EventLog", "-Follow", "--config", file], output);
    await expect.poll(() => happened).toEqual(["follows", "was asked"]);
    output.interrupt();
    expect(await ended).toBe(0);
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
