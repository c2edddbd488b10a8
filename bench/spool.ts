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

const contentBytes = 4096;
const messages = Number(process.env["MESSAGES"] ?? 40_000);
const parent = process.argv[2] ?? tmpdir();

const envelope = {
  reversePath: "orders@shop.example",
  recipients: [{ forwardPath: "someone@customer.example" }],
  body: "8BITMIME",
  smtpUtf8: false,
} as const;
const origin = {
  connector: "AppRelay",
  sourceAddress: "127.0.0.1",
  helloName: "shop.example",
  sessionId: "0123456789ABCDEF",
} as const;
const facts = { dotLines: 0, eightBit: false, endsWithCrlf: true };
const content = Buffer.alloc(contentBytes, "A line of mail that is as long as most.\r\n");

const rounds = process.env["WRITERS"]?.split(",").map(Number) ?? [0, 1, 20, 100];
for (const writers of rounds) {
  // The first round warms up.
  const directory = await mkdtemp(join(parent, "weir-bench-"));
  const spool = await openLmdbSpool({ directory, clock: createSystemClock() });
  const settled: Promise<unknown>[] = [];
  spool.onAccepted({
    hasRoom: () => true,
    take(claim) {
      settled.push(spool.settle(claim, [{ kind: "done", index: 0 }]));
    },
    waits: () => undefined,
  });
  const count = writers === 1 ? messages / 20 : messages;
  const concurrency = writers === 0 ? 50 : writers;
  let left = count;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const loop = performance.eventLoopUtilization();
  const writer = async () => {
    while (left-- > 0) {
      const draft = spool.begin();
      draft.write(content);
      await spool.accept(draft, envelope, origin, facts);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, writer));
  await Promise.all(settled);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { active } = performance.eventLoopUtilization(loop);
  await spool.close();
  await rm(directory, { recursive: true });
  if (writers === 0) continue;
  const perMessage = (microseconds: number) => `${(microseconds / count).toFixed(0)} µs`;
  console.log(
    `${String(writers).padStart(3)} writers: ${(count / seconds).toFixed(0)} messages/s; a message costs ` +
      `${perMessage(user + system)} CPU (user ${perMessage(user)}, system ${perMessage(system)}; ` +
      `event loop ${perMessage(active * 1000)})`,
  );
}
