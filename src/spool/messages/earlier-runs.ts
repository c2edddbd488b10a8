/**
 * Until when a run of the relay lived, by its own clock, for the run that follows: in a small file beside the mail, written at the
 * start, each hour and at the end (docs/decisions/0090-the-age-of-mail-over-a-restart.md).
 */
import { readFile } from "node:fs/promises";
import type { MessageId } from "../../core/message/envelope.ts";
import {
  arrivalByNow,
  timeOffBetween,
  timeOffOf,
  timesOffAtStart,
  type EarlierRuns,
  type TimeOff,
} from "../../core/policy/mail-age.ts";
import type { Clock, Timer } from "../../ports/ports.ts";
import { replaceFile } from "../../ports/replace-file.ts";
import type { SpooledMessage } from "../spool.ts";

export interface OpenEarlierRuns extends EarlierRuns {
  /** What did not count before this run; 0: all of it counts. */
  readonly offMs: number;
  /** Writes down that this run lived until now. Never rejects. */
  close(): Promise<void>;
}

const writeEveryMs = 60 * 60_000;

interface Kept {
  readonly aliveAt: number;
  readonly timesOff: readonly TimeOff[];
}

/**
 * A file that is missing or cannot be understood says that nothing was off; one that cannot be written is written an hour
 * later. `file` undefined: nothing is known of other runs, or told to them. Never rejects. Cost: a small read.
 */
export async function openEarlierRuns(
  file: string | undefined,
  {
    clock,
    firstId,
    lastId,
  }: { readonly clock: Clock; readonly firstId: MessageId; readonly lastId: MessageId },
): Promise<OpenEarlierRuns> {
  const openedAt = clock.now();
  const kept = file === undefined ? undefined : await readKept(file);
  const offMs = kept === undefined ? 0 : timeOffBetween(kept.aliveAt, openedAt);
  const timesOff = timesOffAtStart(kept?.timesOff ?? [], { firstId, lastId, offMs });
  let timer: Timer | undefined;
  let writing: Promise<void> = Promise.resolve();
  const write = (): Promise<void> => {
    if (file === undefined) return writing;
    const text = `${JSON.stringify({ version: 1, aliveAt: Math.floor(clock.now()), timesOff })}\n`;
    // Whoever needs the disk tells of it.
    return (writing = writing.then(() => replaceFile(file, text, { mode: 0o600 })).catch(() => undefined));
  };
  const writeLater = (): void => {
    if (file === undefined) return;
    timer = clock.after(writeEveryMs, () => {
      void write();
      writeLater();
    });
  };
  void write();
  writeLater();
  return {
    lastId,
    openedAt,
    timesOff,
    offMs: timesOff.length === 0 ? 0 : offMs,
    close() {
      timer?.cancel();
      return write();
    },
  };
}

/** A message with its time of arrival by the clock of this run. */
export function byTheClockOfNow(message: SpooledMessage, earlier: EarlierRuns): SpooledMessage {
  const { id } = message;
  const arrivedAt = arrivalByNow(id, message.arrivedAt, earlier);
  if (arrivedAt === message.arrivedAt) return message;
  const timeOffMs = timeOffOf(id, earlier);
  return { ...message, arrivedAt, ...(timeOffMs === 0 ? {} : { timeOffMs }) };
}

async function readKept(file: string): Promise<Kept | undefined> {
  try {
    const { aliveAt, timesOff } = JSON.parse(await readFile(file, "utf8")) as Kept;
    const numbers = [aliveAt, ...timesOff.flatMap(({ upTo, byMs }) => [upTo, byMs])];
    return numbers.every((one) => Number.isFinite(one)) ? { aliveAt, timesOff } : undefined;
  } catch {
    return undefined;
  }
}
