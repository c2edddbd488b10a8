/**
 * Replays of the record in a thread of their own, below the mail's priority, so that mail goes on. One question at a time, each in
 * a new thread: what it needed is given back with it.
 */
import type { LogFamily } from "../logs/log-files.ts";
import { startThread } from "../ports/start-thread.ts";
import type { ReplayAnswer, ReplayQuestion, UseAnswer, UseQuestion } from "./replay-question.ts";

export interface ReplayWork {
  readonly family: LogFamily;
  readonly asked:
    | { readonly kind: "replay"; readonly question: ReplayQuestion }
    | { readonly kind: "use"; readonly question: UseQuestion };
}

export interface ReplayTold {
  /** Of the record that is read, 0 to 1. */
  readonly part?: number;
  /** By the kind that was asked for. */
  readonly answer?: ReplayAnswer | UseAnswer;
  readonly fault?: string;
}

export interface ReplayOptions {
  readonly signal?: AbortSignal;
  /** Hears how much of the record is read, 0 to 1. */
  readonly onPart?: (part: number) => void;
}

export interface ReplayThread {
  /** Rejects where the record cannot be read, and when `signal` aborts. */
  replay(question: ReplayQuestion, options?: ReplayOptions): Promise<ReplayAnswer>;
  /** What use was made of the limits; as `replay`. */
  use(question: UseQuestion, options?: ReplayOptions): Promise<UseAnswer>;
  /** What is under way then rejects. */
  close(): Promise<void>;
}

export function openReplayThread({ directory, prefix, extension }: LogFamily): ReplayThread {
  const family: LogFamily = { directory, prefix, extension };
  const closing = new AbortController();
  let turn: Promise<unknown> = Promise.resolve();

  const run = (asked: ReplayWork["asked"], signal: AbortSignal, onPart: (part: number) => void) =>
    new Promise<ReplayAnswer | UseAnswer>((resolve, reject) => {
      if (signal.aborted) return reject(new Error("nobody waits for the replay any more"));
      const work: ReplayWork = { family, asked };
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

  const inTurn = (
    asked: ReplayWork["asked"],
    { signal, onPart = () => undefined }: ReplayOptions = {},
  ): Promise<ReplayAnswer | UseAnswer> => {
    const until = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
    const mine = turn.then(() => run(asked, until, onPart));
    turn = mine.catch(() => undefined);
    return mine;
  };

  return {
    // Each is answered in its own kind.
    replay: (question, options) => inTurn({ kind: "replay", question }, options) as Promise<ReplayAnswer>,
    use: (question, options) => inTurn({ kind: "use", question }, options) as Promise<UseAnswer>,
    async close() {
      closing.abort();
      await turn;
    },
  };
}
