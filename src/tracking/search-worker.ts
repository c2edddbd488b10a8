/** The thread that searches and indexes the tracking log: answers what search-thread.ts asks, a piece at a time. */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import type { LogFamily } from "../logs/log-files.ts";
import { indexMissing } from "./index/index-missing.ts";
import type { Answer, Question } from "./search-thread.ts";
import { findEntries, readEntries, readLines } from "./search.ts";
import type { TrackingRecord } from "./tracking-record.ts";

const family = workerData as LogFamily;
const port = parentPort;
if (port === null) throw new Error("search-worker.ts is a thread of search-thread.ts");

/** Below the mail. On Linux the priority is this thread's alone; elsewhere it would be the whole relay's. */
const niceness = 10;
if (process.platform === "linux") {
  try {
    setPriority(niceness);
  } catch {
    // Not allowed here: then at the same priority.
  }
}

/** Entries in one answer: taking them over costs the main thread about a millisecond. */
const recordsAtOnce = 200;
const open = new Map<number, Iterator<Answer["piece"]>>();
let indexing: Promise<void> | undefined;
let indexingNext: Promise<void> | undefined;

port.on("message", (question: Question) => {
  void answer(question);
});

async function answer(question: Question): Promise<void> {
  const { id, ask } = question;
  try {
    switch (ask) {
      case "records":
      case "lines": {
        const found = await findEntries(family, question.filter);
        open.set(id, ask === "lines" ? readLines(found) : inPieces(readEntries(found)));
        return next(id);
      }
      case "next":
        return next(id);
      case "end":
        open.delete(id);
        return;
      case "index":
        await index();
        return tell({ id, piece: undefined });
    }
  } catch (error) {
    open.delete(id);
    tell({ id, fault: error instanceof Error ? error.message : String(error) });
  }
}

function next(id: number): void {
  const step = open.get(id)?.next();
  if (step === undefined || step.done === true) {
    open.delete(id);
    tell({ id, piece: undefined });
  } else tell({ id, piece: step.value });
}

function tell(told: Answer): void {
  const { piece } = told;
  port?.postMessage(told, piece instanceof Uint8Array ? [piece.buffer as ArrayBuffer] : []);
}

function* inPieces(records: Iterable<TrackingRecord>): Generator<readonly TrackingRecord[]> {
  let piece: TrackingRecord[] = [];
  for (const record of records) {
    piece.push(record);
    if (piece.length < recordsAtOnce) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** What is asked for during a pass has the next one, for all of them together: each is told what came of a pass that began behind it. */
async function index(): Promise<void> {
  if (indexing === undefined) return await pass();
  indexingNext ??= indexing
    .catch(() => undefined)
    .then(() => {
      indexingNext = undefined;
      return pass();
    });
  await indexingNext;
}

function pass(): Promise<void> {
  indexing = indexMissing(family)
    .then(() => undefined)
    .finally(() => {
      indexing = undefined;
    });
  return indexing;
}
