/**
 * Searches of the tracking log in a thread of their own, so that mail goes on. The thread begins with the first
 * question, runs below the mail's priority, ends after a minute without any, and never keeps the process alive.
 */
import type { Worker } from "node:worker_threads";
import type { LogFamily } from "../logs/log-files.ts";
import type { Clock, Timer } from "../ports/ports.ts";
import { startThread } from "../ports/start-thread.ts";
import type { TrackingFilter } from "./filter.ts";
import type { TrackingRecord } from "./tracking-record.ts";

export interface SearchThread {
  /** Newest first, some hundred at a time; the next are read when they are asked for. */
  records(filter: TrackingFilter): AsyncGenerator<readonly TrackingRecord[], void, undefined>;
  /** The lines of the log as they are, with their ends, oldest first; of the newest `resultSize` that fit. */
  lines(filter: TrackingFilter): AsyncGenerator<Uint8Array, void, undefined>;
  /** Gives finished files their indexes. Rejects when that is not possible; searches are right all the same. */
  index(): Promise<void>;
  /** What is asked for then rejects. Idempotent. */
  close(): Promise<void>;
}

export type Question =
  | { readonly id: number; readonly ask: "records" | "lines"; readonly filter: TrackingFilter }
  | { readonly id: number; readonly ask: "next" | "end" | "index" };

export interface Answer {
  readonly id: number;
  /** Undefined: that was all. */
  readonly piece?: readonly TrackingRecord[] | Uint8Array | undefined;
  readonly fault?: string;
}

interface Waiting {
  readonly resolve: (piece: Answer["piece"]) => void;
  readonly reject: (error: Error) => void;
}

const idleMs = 60_000;

export function openSearchThread(family: LogFamily, clock: Clock): SearchThread {
  let worker: Worker | undefined;
  /** What the thread owes an answer, by question. */
  const waiting = new Map<number, Waiting>();
  const open = new Set<number>();
  let lastId = 0;
  let closed = false;
  let idle: Timer | undefined;

  const end = (error: Error): void => {
    worker = undefined;
    open.clear();
    for (const [id, { reject }] of waiting) {
      waiting.delete(id);
      reject(error);
    }
  };

  const begin = (): Worker => {
    const begun = startWorker(family);
    begun.unref();
    begun.on("message", ({ id, piece, fault }: Answer) => {
      const asked = waiting.get(id);
      waiting.delete(id);
      if (fault === undefined) asked?.resolve(piece);
      else asked?.reject(new Error(`the message tracking log cannot be searched: ${fault}`));
      restIfIdle();
    });
    begun.on("error", (error) => {
      if (worker === begun) end(error instanceof Error ? error : new Error(String(error)));
    });
    begun.on("exit", () => {
      if (worker === begun) end(new Error("the search of the message tracking log ended early"));
    });
    return begun;
  };

  const restIfIdle = (): void => {
    if (closed || open.size > 0 || waiting.size > 0) return;
    idle?.cancel();
    idle = clock.after(idleMs, () => {
      if (open.size > 0 || waiting.size > 0) return;
      const resting = worker;
      worker = undefined;
      void resting?.terminate();
    });
  };

  const ask = (question: Question): Promise<Answer["piece"]> =>
    new Promise((resolve, reject) => {
      if (closed) {
        reject(new Error("the message tracking log is closed"));
        return;
      }
      idle?.cancel();
      waiting.set(question.id, { resolve, reject });
      worker ??= begin();
      worker.postMessage(question, []);
    });

  async function* pieces(kind: "records" | "lines", filter: TrackingFilter) {
    const id = ++lastId;
    open.add(id);
    try {
      let piece = await ask({ id, ask: kind, filter });
      while (piece !== undefined) {
        yield piece;
        // After a fault of the thread another one knows nothing of this search.
        if (!open.has(id)) throw new Error("the search of the message tracking log ended early");
        piece = await ask({ id, ask: "next" });
      }
    } finally {
      open.delete(id);
      worker?.postMessage({ id, ask: "end" } satisfies Question, []);
      restIfIdle();
    }
  }

  return {
    records: (filter) =>
      pieces("records", filter) as AsyncGenerator<readonly TrackingRecord[], void, undefined>,
    lines: (filter) => pieces("lines", filter) as AsyncGenerator<Uint8Array, void, undefined>,
    async index() {
      await ask({ id: ++lastId, ask: "index" });
    },
    async close() {
      closed = true;
      idle?.cancel();
      const closing = worker;
      end(new Error("the message tracking log is closed"));
      await closing?.terminate();
    },
  };
}

function startWorker({ directory, prefix, extension }: LogFamily): Worker {
  const workerData: LogFamily = { directory, prefix, extension };
  return startThread(import.meta.url, "search-worker", { workerData });
}
