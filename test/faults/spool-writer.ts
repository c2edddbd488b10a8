/**
 * The child of spool-crash.test.ts: accepts messages until it is killed. Prints `id sha1 size` of each accepted
 * one and `- id` of each settled one when that is durable and not before, `~ id` when it begins to settle.
 */
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { openLmdbSpool } from "../../src/spool/lmdb-spool.ts";
import {
  doneAll,
  envelopeTo,
  keepAll,
  origin,
  patterned,
  writeAll,
} from "../../src/testing/spool-messages.ts";

const [directory = "", seed = "1"] = process.argv.slice(2);
const spool = await openLmdbSpool({ directory, clock: createSystemClock() });
const sizes = [0, 10, 4096, 60_000, 70_000, 300_000];

const say = (line: string) => writeSync(1, `${line}\n`);

async function worker(number: number): Promise<never> {
  for (let turn = 0; ; turn++) {
    const content = patterned(
      sizes[(turn + number) % sizes.length] as number,
      Number(seed) + turn * 8 + number,
    );
    const draft = spool.begin();
    await writeAll(draft, content, 16 * 1024);
    const { id } = await spool.accept(draft, envelopeTo("a@test", "b@test"), origin, {
      dotLines: 0,
      eightBit: true,
      endsWithCrlf: false,
    });
    say(`${id} ${createHash("sha1").update(content).digest("hex")} ${content.length}`);
    if (turn % 3 === 0) continue;
    const [claim] = await spool.claim("", 1, Number.POSITIVE_INFINITY);
    if (claim === undefined) continue;
    const done = turn % 3 === 1;
    if (done) say(`~ ${claim.message.id}`);
    await spool.settle(claim, done ? doneAll(claim) : keepAll(claim, "later", Date.now()));
    if (done) say(`- ${claim.message.id}`);
  }
}

say("ready");
await Promise.all(Array.from({ length: 8 }, (_, number) => worker(number)));
