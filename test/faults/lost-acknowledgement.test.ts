/** A next hop that keeps a message and drops the connection before its 250: that message comes again, no other does. */
import { expect, test } from "vitest";
import { startRecordingSink } from "../../src/testing/recording-sink.ts";
import { startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";
import { runLoadClient } from "./load-client.ts";
import { seededRandom } from "./random.ts";
import { createTally } from "./tally.ts";

test.each([
  ["BDAT", ["PIPELINING", "CHUNKING", "8BITMIME"]],
  ["DATA", ["PIPELINING", "8BITMIME"]],
])("5 %% of the acknowledgements are lost (%s)", async (_, extensions) => {
  const tally = createTally();
  const unacknowledged: string[] = [];
  let stored = 0;
  const sink = await startRecordingSink({
    extensions,
    keepContent: false,
    onMessage: ({ content }) => tally.arrive(content),
    behave: ({ at, reversePath }) => {
      if (at !== "stored" || ++stored % 20 !== 0) return undefined;
      unacknowledged.push(reversePath?.split("@")[0] ?? "");
      return { drop: true };
    },
  });
  const relay = await startTemporaryRelay({ sendConnectors: [smartHostConnector(sink.port)] });
  const random = seededRandom(7);
  let sent = 0;
  await Promise.all(
    [1, 2, 3, 4].map((i) =>
      runLoadClient({ port: relay.port, name: `c${i}`, tally, random, stopped: () => sent++ > 300 }),
    ),
  );
  await expect.poll(() => relay.relay.queues().reduce((sum, queue) => sum + queue.messages, 0)).toBe(0);
  const result = tally.result();
  expect(result.lost).toEqual([]);
  expect(result.damaged).toEqual([]);
  expect(result.acknowledged).toBeGreaterThan(100);
  expect(unacknowledged.length).toBeGreaterThan(5);
  expect(result.duplicates).toBe(unacknowledged.length);
  expect(new Set(result.repeated)).toEqual(new Set(unacknowledged));
  await relay.stop();
  await sink.close();
});
