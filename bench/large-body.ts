/** A large content into a spool and out of it again, beside a file of the same size. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Claim, Spool } from "../src/spool/spool.ts";
import { memoryMbNow } from "./collected-memory.ts";
import { median } from "./median.ts";
import { envelope, facts, origin } from "./spool-load.ts";

const bodyBytes = 36 * 1024 * 1024;
const piece = Buffer.alloc(64 * 1024, "A line of mail that is as long as most.\r\n");
const pieces = bodyBytes / piece.length;

export interface LargeBodies {
  /** Of the time that a file takes to be written and flushed. */
  readonly inRatio: number;
  readonly outRatio: number;
  /** The most that was held, above what was before. */
  readonly inMb: number;
  readonly outMb: number;
}

export async function readLargeBodies(spool: Spool, folder: string, rounds: number): Promise<LargeBodies> {
  let taken: Claim | undefined;
  spool.onAccepted({ hasRoom: () => true, take: (claim) => void (taken = claim), waits: () => undefined });

  const into = async (onPiece: () => void = () => undefined): Promise<void> => {
    const draft = spool.begin();
    for (let n = 0; n < pieces; n++) {
      if (!draft.write(piece)) await draft.whenWritable();
      onPiece();
    }
    await spool.accept(draft, envelope, origin, facts);
  };
  const outOf = async (claim: Claim, onPiece: () => void = () => undefined): Promise<void> => {
    let bytes = 0;
    for await (const octets of claim.content.stream()) {
      bytes += octets.length;
      onPiece();
    }
    if (bytes !== bodyBytes) throw new Error(`${bytes} octets of ${bodyBytes} came out`);
  };
  const ended = async (): Promise<void> => {
    if (taken !== undefined) await spool.settle(taken, [{ kind: "done", index: 0 }]);
    taken = undefined;
  };
  const held = (): Claim => {
    if (taken === undefined) throw new Error("the message was not handed over");
    return taken;
  };

  const ratios: { readonly into: number; readonly out: number }[] = [];
  // The first warms up.
  for (let round = 0; round <= rounds; round++) {
    const file = await timed(() => writeFileOf(join(folder, "body")));
    const inMs = await timed(() => into());
    const outMs = await timed(() => outOf(held()));
    await ended();
    if (round > 0) ratios.push({ into: file / inMs, out: file / outMs });
  }
  const inMb = await peakMb(into);
  const outMb = await peakMb((onPiece) => outOf(held(), onPiece));
  await ended();
  return {
    inRatio: median(ratios.map((ratio) => ratio.into)),
    outRatio: median(ratios.map((ratio) => ratio.out)),
    inMb,
    outMb,
  };
}

async function writeFileOf(path: string): Promise<void> {
  const file = await open(path, "w");
  for (let n = 0; n < pieces; n++) await file.write(piece);
  await file.datasync();
  await file.close();
}

async function timed(work: () => Promise<void>): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

/** What is garbage is collected at each look. */
async function peakMb(work: (onPiece: () => void) => Promise<void>): Promise<number> {
  // What was let go of is given back some time behind the collection that found it.
  memoryMbNow();
  await delay(500);
  const before = memoryMbNow();
  let peak = before;
  await work(() => (peak = Math.max(peak, memoryMbNow())));
  return peak - before;
}
