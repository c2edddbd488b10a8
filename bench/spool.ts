/**
 * The spool alone: accept and settle of small messages with concurrent writers, each awaiting durability.
 * `npx tsx bench/spool.ts [directory]` prints messages a second and CPU time; `WRITERS=20,100` and `MESSAGES`
 * choose the rounds (0 warms up). Under `strace -f -c -e trace=fdatasync` the flushes can be counted.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "../src/ports/system-ports.ts";
import { openLmdbSpool } from "../src/spool/lmdb-spool.ts";
import { readSpool, settleAll } from "./spool-load.ts";

const messages = Number(process.env["MESSAGES"] ?? 40_000);
const parent = process.argv[2] ?? tmpdir();

const rounds = process.env["WRITERS"]?.split(",").map(Number) ?? [0, 1, 20, 100];
for (const writers of rounds) {
  // The first round warms up.
  const directory = await mkdtemp(join(parent, "weir-bench-"));
  const spool = await openLmdbSpool({ directory, clock: createSystemClock() });
  const count = writers === 1 ? messages / 20 : messages;
  const read = await readSpool(spool, settleAll(spool), writers === 0 ? 50 : writers, count);
  await spool.close();
  await rm(directory, { recursive: true });
  if (writers === 0) continue;
  const { perSecond, userMicros, systemMicros, loopMicros } = read;
  const micros = (value: number) => `${value.toFixed(0)} µs`;
  console.log(
    `${String(writers).padStart(3)} writers: ${perSecond.toFixed(0)} messages/s; a message costs ` +
      `${micros(userMicros + systemMicros)} CPU (user ${micros(userMicros)}, system ${micros(systemMicros)}; ` +
      `event loop ${micros(loopMicros)})`,
  );
}
