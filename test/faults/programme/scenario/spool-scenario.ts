/**
 * A process of its own that drives the durable spool through everything it does with files: small and large bodies,
 * settles, deferrals, reports, the reclaiming of an empty store, and mail behind it. Prints what it was promised:
 *
 *     id sha1 size     accepted            ~ id     begins to settle as done      - id     that is durable
 *     ~R id, -R id     the same, with a report whose content is `report of id`
 *     begun            the programme is loaded
 *     ! what           refused, as it may be on a disk that fails
 *     done | stalled | not opened: why | not closed: why
 *
 * Ends with 0; 3, when it was held up; 4, when the spool did not open; 6, when it could not print.
 *
 * Arguments: directory, kind.
 */
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { openLmdbSpool } from "../../../../src/spool/lmdb-spool.ts";
import type { Claim } from "../../../../src/spool/spool.ts";
import { createFakeClock } from "../../../../src/testing/fake-clock.ts";
import {
  doneAll,
  envelopeTo,
  keepAll,
  origin,
  patterned,
  writeAll,
} from "../../../../src/testing/spool-messages.ts";
import { scenarioMostMs } from "./patience.ts";

/**
 * `usual`; `hasty`, which says "accepted" before it is; `fill` leaves a queue and dies; `grow` leaves a store whose file
 * is large and holds one message, `grow-empty` one without.
 */
export type ScenarioKind = "usual" | "hasty" | "fill" | "grow" | "grow-empty";

const outputStruck = 6;
const [directory = "", kind = "usual"] = process.argv.slice(2);
/** What a store is grown with came in long before: numbers of messages follow the clock. */
const clock = createFakeClock(Date.UTC(2026, kind.startsWith("grow") ? 0 : 6, 15));
const say = (line: string): void => {
  try {
    writeSync(1, `${line}\n`);
  } catch {
    // The struck call was ours: nothing can be promised any more.
    process.exit(outputStruck);
  }
};
/**
 * What a disk that fails for good holds up does not end by itself. In turns of the clock below, some milliseconds each: a
 * machine that does much else has more patience.
 */
const patience = kind.startsWith("grow") ? 15_000 : 2_500;
const stalled = (): never => {
  say("stalled");
  process.exit(3);
};
setTimeout(stalled, scenarioMostMs).unref();

say("begun");
const opened = await openLmdbSpool({ directory, clock }).catch((error: unknown) => {
  say(`not opened: ${String(error)}`);
  process.exit(4);
});
const spool = opened;
let over = false;
const time = (async () => {
  // Retries within the spool wait for time, which passes quickly here.
  for (let turn = 0; !over; turn++) {
    if (turn > patience) stalled();
    await clock.advance(200);
    await delay(1);
  }
})();

async function accept(seed: number, sizeBytes: number): Promise<void> {
  const content = patterned(sizeBytes, seed);
  const draft = spool.begin();
  await writeAll(draft, content, 16 * 1024);
  const promised = `${draft.id} ${createHash("sha1").update(content).digest("hex")} ${content.length}`;
  if (kind === "hasty") say(promised);
  try {
    await spool.accept(draft, envelopeTo("a@test", "b@test"), origin, {
      dotLines: 0,
      eightBit: true,
      endsWithCrlf: false,
    });
    if (kind !== "hasty") say(promised);
  } catch (error) {
    say(`! ${String(error)}`);
  }
}

async function finish(claim: Claim, withReport = false): Promise<void> {
  const { id } = claim.message;
  const mark = withReport ? "R" : "";
  say(`~${mark} ${id}`);
  const report = {
    envelope: { ...envelopeTo("from@test"), reversePath: "" },
    content: Buffer.from(`report of ${id}`),
    origin,
  };
  await spool.settle(claim, doneAll(claim), withReport ? [report] : []);
  say(`-${mark} ${id}`);
}

const claimAll = async (): Promise<readonly Claim[]> => {
  const claims: Claim[] = [];
  for (const { queue } of spool.queues())
    claims.push(...(await spool.claim(queue, 1_000, Number.POSITIVE_INFINITY)));
  return claims;
};
/** Twice what the store calls a rest, and a moment for what it then begins. */
const rest = async (): Promise<void> => {
  for (const until = clock.now() + 12_000; clock.now() < until;) await delay(2);
  await delay(30);
};

if (kind === "fill") {
  for (let turn = 0; turn < 4; turn++)
    await Promise.all([10, 4096, 60_000, 70_000, 300_000].map((size, i) => accept(turn * 5 + i, size)));
  for (const [index, claim] of (await claimAll()).entries()) {
    if (index % 5 === 0) await spool.settle(claim, keepAll(claim, "Out;later", clock.now() + 60_000));
    else spool.release(claim);
  }
  process.kill(process.pid, "SIGKILL");
}

if (kind === "grow" || kind === "grow-empty") {
  // Above the 32 MB from which an empty store is made anew.
  for (let turn = 0; turn < 7; turn++)
    await Promise.all(Array.from({ length: 100 }, (_, i) => accept(turn * 100 + i, 60_000)));
  const all = await claimAll();
  await Promise.all(all.slice(kind === "grow" ? 1 : 0).map((claim) => finish(claim)));
  await spool.close();
  process.exit(0);
}

await Promise.all([10, 4096, 60_000, 70_000, 300_000, 20].map((size, i) => accept(i, size)));
const claims = await claimAll();
await Promise.all(
  claims.map((claim, index) => {
    if (index % 3 === 0) return finish(claim);
    if (index % 3 === 1) return finish(claim, true);
    return spool.settle(claim, keepAll(claim, "Out;later", clock.now() + 1_000));
  }),
);
await accept(11, 30);
await accept(12, 200_000);
// One after the other, as a lone client sends: each has its own commit.
for (let turn = 0; turn < 8; turn++) {
  await accept(40 + turn, turn % 4 === 3 ? 80_000 : 500 * turn);
  const [claim] = await spool.claim("", 1, Number.POSITIVE_INFINITY);
  if (claim === undefined) continue;
  if (turn % 2 === 0) await finish(claim, turn % 4 === 0);
  else await spool.settle(claim, keepAll(claim, "Out;later", clock.now() + 1_000));
}
// To empty: the deferred, the reports, what an earlier run had left.
for (let turn = 0; turn < 5 && spool.size > 0; turn++)
  await Promise.all((await claimAll()).map((claim) => finish(claim)));
// An empty store at rest gives its file back; then mail goes on.
await rest();
for (const size of [15, 90_000, 16]) await accept(20, size);
const [first] = await claimAll();
if (first !== undefined) await finish(first);
await rest();
for (const size of [17, 18]) await accept(30, size);
await spool.close().catch((error: unknown) => say(`not closed: ${String(error)}`));
over = true;
await time;
say("done");
process.exit(0);
