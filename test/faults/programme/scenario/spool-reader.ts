/**
 * A process of its own, since damaged pages may end it: opens a spool, claims and reads all there is, finishes it,
 * takes and finishes one message more, and prints as one line of JSON what it found.
 */
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createSystemClock } from "../../../../src/ports/system-ports.ts";
import { openLmdbSpool } from "../../../../src/spool/lmdb-spool.ts";
import type { Claim } from "../../../../src/spool/spool.ts";
import { acceptMessage, doneAll, readContent } from "../../../../src/testing/spool-messages.ts";

export interface FoundInSpool {
  readonly messages: readonly {
    readonly id: number;
    readonly sha1: string;
    readonly report: string | undefined;
  }[];
  /** Set aside as damaged, at claim or while its content was read. */
  readonly damaged: readonly number[];
  /** What the spool said was wrong. */
  readonly told: readonly string[];
  /** Body files behind the opening, and behind the end of all messages. */
  readonly bodiesAtFirst: number;
  readonly bodiesAtLast: number;
  /** Messages whose content stands in a file. */
  readonly large: number;
  /** Whether the message more was taken and finished. */
  readonly works: boolean;
}

const [directory = ""] = process.argv.slice(2);
const told: string[] = [];
const damaged: number[] = [];

async function bodies(): Promise<number> {
  const entries = await readdir(join(directory, "bodies"), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

async function read(): Promise<FoundInSpool> {
  const spool = await openLmdbSpool({
    directory,
    clock: createSystemClock(),
    onFault: ({ message }) => told.push(message),
  });
  spool.onDamaged(({ id }) => damaged.push(id));
  await spool.sweepOrphans();
  const bodiesAtFirst = await bodies();
  const claims: Claim[] = [];
  for (const { queue } of spool.queues())
    claims.push(...(await spool.claim(queue, 1_000_000, Number.POSITIVE_INFINITY)));
  const messages: { id: number; sha1: string; report: string | undefined }[] = [];
  let large = 0;
  for (const claim of claims) {
    try {
      const octets = await readContent(claim.content);
      if (claim.content.inMemory === undefined) large++;
      const text = octets.length < 100 ? octets.toString("latin1") : "";
      messages.push({
        id: claim.message.id,
        sha1: createHash("sha1").update(octets).digest("hex"),
        report: /^report of (\d+)$/.exec(text)?.[1],
      });
      await spool.settle(claim, doneAll(claim));
    } catch (error) {
      await spool.setAside(claim, String(error));
    }
  }
  const { id } = await acceptMessage(spool, "Subject: one more\r\n\r\n");
  const [more] = await spool.claim("", 10, Number.POSITIVE_INFINITY);
  if (more !== undefined) await spool.settle(more, doneAll(more));
  const works = more?.message.id === id && spool.size === 0;
  await spool.close();
  return { messages, damaged, told, bodiesAtFirst, bodiesAtLast: await bodies(), large, works };
}

try {
  writeSync(1, `${JSON.stringify(await read())}\n`);
  process.exit(0);
} catch (error) {
  writeSync(2, `${String(error)}\n`);
  process.exit(4);
}
