/**
 * Replays of the record in a thread of their own, below the mail's priority, so that mail goes on. One question at a time, each in
 * a new thread: what it needed is given back with it.
 */
import type { LogFamily } from "../logs/log-files.ts";
import { startThread } from "../ports/start-thread.ts";
import type { ReplayAnswer, ReplayQuestion } from "./replay-question.ts";

export interface ReplayWork {
  readonly family: LogFamily;
  readonly question: ReplayQuestion;
}

export interface ReplayTold {
  /** Of the record that is read, 0 to 1. */
  readonly part?: number;
  readonly answer?: ReplayAnswer;
  readonly fault?: string;
}

export interface ReplayThread {
  /** Rejects where the record cannot be read, and when `signal` aborts. */
  replay(
    question: ReplayQuestion,
    options?: { readonly signal?: AbortSignal; readonly onPart?: (part: number) => void },
  ): Promise<ReplayAnswer>;
  /** What is under way then rejects. */
  close(): Promise<void>;
}

export function openReplayThread({ directory, prefix, extension }: LogFamily): ReplayThread {
  const family: LogFamily = { directory, prefix, extension };
  const closing = new AbortController();
  let turn: Promise<unknown> = Promise.resolve();

  const run = (question: ReplayQuestion, signal: AbortSignal, onPart: (part: number) => void) =>
    new Promise<ReplayAnswer>((resolve, reject) => {
      if (signal.aborted) return reject(new Error("nobody waits for the replay any more"));
      const work: ReplayWork = { family, question };
      const worker = startThread(import.meta.url, "replay-worker", { workerData: work });
      worker.unref();
      const end = (then: () => void): void => {
        signal.removeEventListener("abort", aborted);
        void worker.terminate();
        then();
      };
      const aborted = (): void => end(() => reject(new Error("nobody waits for the replay any more")));
      signal.addEventListener("abort", aborted);
      worker.on("message", ({ part, answer, fault }: ReplayTold) => {
        if (part !== undefined) onPart(part);
        if (answer !== undefined) end(() => resolve(answer));
        if (fault !== undefined) end(() => reject(new Error(`the traffic record cannot be read: ${fault}`)));
      });
      worker.on("error", (error) =>
        end(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );
      worker.on("exit", () => end(() => reject(new Error("the replay ended early"))));
    });

  return {
    replay(question, { signal, onPart = () => undefined } = {}) {
      const until = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
      const mine = turn.then(() => run(question, until, onPart));
      turn = mine.catch(() => undefined);
      return mine;
    },
    async close() {
      closing.abort();
      await turn;
    },
  };
}
