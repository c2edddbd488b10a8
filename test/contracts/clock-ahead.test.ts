/** A relay that starts under a clock 40 days ahead removes nothing that it keeps by age, in any of its stores, and no mail. */
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { Clock } from "../../src/ports/ports.ts";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { startRecordingSink } from "../../src/testing/recording-sink.ts";
import { startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";
import { plain } from "../journeys/mail-samples.ts";
import { sendMessage } from "../journeys/send-message.ts";

const dayMs = 86_400_000;

function aheadBy(ms: number): Clock {
  const clock = createSystemClock();
  return { ...clock, now: () => clock.now() + ms, wall: () => new Date(Date.now() + ms) };
}

test("a clock that is ahead at a start", async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), "weir-clock-ahead-"));
  try {
    const first = await startTemporaryRelay({ dataDirectory });
    await first.halt();
    const day = new Date(Date.now() - 20 * dayMs).toISOString().slice(0, 10).replaceAll("-", "");
    const kept = [
      `events/EVENTS${day}-1.jsonl`,
      `logs/MessageTracking/MSGTRK${day}-1.LOG`,
      `logs/SmtpReceive/RECV${day}-1.log`,
      `traffic/TRAFFIC${day}-1.wtr`,
    ].map((name) => join(dataDirectory, name));
    for (const file of kept) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, "");
    }
    const relay = await startTemporaryRelay({ dataDirectory, ports: { clock: aheadBy(40 * dayMs) } });
    const told = await relay.relay.eventStore.query({ eventIds: [20430], limit: 9 });
    await sendMessage({ port: relay.port, content: plain.content, to: ["a@dest.example"] });
    await relay.halt();
    expect(
      await Promise.all(
        kept.map((file) =>
          access(file).then(
            () => "there",
            () => file,
          ),
        ),
      ),
    ).toEqual(kept.map(() => "there"));
    expect(told.map((event) => JSON.stringify(event))).toEqual([expect.stringContaining("40 days ahead of")]);
  } finally {
    await rm(dataDirectory, { recursive: true, force: true });
  }
});

test("mail that waits over two starts of a clock that is ahead", { timeout: 180_000 }, async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), "weir-clock-ahead-"));
  const sink = await startRecordingSink();
  try {
    sink.configure({ behave: ({ at }) => (at === "RCPT" ? { reply: "450 4.2.1 later" } : undefined) });
    const begin = async (aheadMs: number) => {
      sink.clear();
      return await startTemporaryRelay({
        dataDirectory,
        sendConnectors: [smartHostConnector(sink.port)],
        ports: { clock: aheadBy(aheadMs) },
      });
    };
    const told: number[] = [];
    for (const aheadMs of [0, 40 * dayMs, 40 * dayMs]) {
      const relay = await begin(aheadMs);
      if (aheadMs === 0)
        await sendMessage({ port: relay.port, content: plain.content, to: ["a@dest.example"] });
      await sink.until(() => sink.commands.some((line) => line.startsWith("RCPT TO:<a@dest.example>")));
      told.push((await relay.relay.eventStore.query({ eventIds: [20432], limit: 9 })).length);
      await relay.halt();
    }
    sink.configure({ behave: undefined });
    const relay = await begin(0);
    const [message] = await sink.waitFor(1);
    await relay.halt();
    expect(message?.recipients.map(({ path }) => path)).toEqual(["a@dest.example"]);
    expect(told).toEqual([0, 1, 1]);
  } finally {
    await sink.close();
    await rm(dataDirectory, { recursive: true, force: true });
  }
});
