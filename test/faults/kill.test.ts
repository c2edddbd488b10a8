/** kill -9 in small; `npm run soak` is the long run. */
import { expect, test } from "vitest";
import { runKillRounds } from "./kill-rounds.ts";

const rounds = 4;
const leastAcknowledgements = 21;

test("nothing acknowledged is lost or damaged by four kill -9 under the load of 8 clients", async () => {
  const seed = Number(process.env["WEIR_TEST_SEED"] ?? Date.now() % 1_000_000);
  const result = await runKillRounds({
    rounds,
    clients: 8,
    seed,
    longestLifeMs: 5_000,
    mostAcknowledgements: 60,
    leastAcknowledgements,
    outages: true,
    // It ends with the last message: only where one is lost it takes so long.
    drainMs: 60_000,
    quietMs: 30_000,
  });
  const told = `seed ${seed}\n${result.stderr.slice(-2_000)}`;
  expect(result.lost, told).toEqual([]);
  expect(result.damaged, told).toEqual([]);
  expect(result.acknowledged, told).toBeGreaterThanOrEqual(leastAcknowledgements);
  // What was in flight when the relay died may come twice.
  expect(result.duplicates, told).toBeLessThanOrEqual(20 * rounds);
});
