/**
 * Replays of the record in threads of their own, below the mail's priority, so that mail goes on. One question at a time, each in
 * a new thread: what it needed is given back with it. Many scenarios are played by two, where there are two cores: each reads
 * the whole record, and has half of what differs.
 */
import { availableParallelism } from "node:os";
import type { LogFamily } from "../logs/log-files.ts";
import { startThread } from "../ports/start-thread.ts";
import type { ReplayAnswer, ReplayQuestion, UseAnswer, UseQuestion } from "./replay-question.ts";
import { createWaitingLine, type PlaceInLine } from "./waiting-line.ts";

export interface ReplayWork {
  readonly family: LogFamily;
  readonly others: readonly LogFamily[];
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

/** `signal`, `onAhead` and `isNext` as waiting-line.ts has them: `isNext` is for the other half of a question. */
export interface ReplayOptions extends PlaceInLine {
  /** Hears how much of the record is read, 0 to 1. */
  readonly onPart?: (part: number) => void;
  /** Records of other nodes, which are read with it as one. */
  readonly others?: readonly LogFamily[];
}

export interface ReplayThread {
  /** Rejects where the record cannot be read, when `signal` aborts, and with QueueFull where many others have asked. */
  replay(question: ReplayQuestion, options?: ReplayOptions): Promise<ReplayAnswer>;
  /** What use was made of the limits; as `replay`. */
  use(question: UseQuestion, options?: ReplayOptions): Promise<UseAnswer>;
  /** What is under way then rejects. */
  close(): Promise<void>;
}

/** Fewer cost one thread less than reading the record twice. */
const leastToShare = 8;
const mostThreads = 2;
/** Questions; each takes seconds, and up to a minute where much is recorded. */
const mostWaiting = 8;

/** `threads`: at most. */
export function openReplayThread(
  { directory, prefix, extension }: LogFamily,
  threads = Math.min(mostThreads, availableParallelism()),
): ReplayThread {
  const family: LogFamily = { directory, prefix, extension };
  const closing = new AbortController();
  const line = createWaitingLine(mostWaiting);

  const run = (
    asked: ReplayWork["asked"],
    others: readonly LogFamily[],
    signal: AbortSignal,
    onPart: (part: number) => void,
  ) =>
    new Promise<ReplayAnswer | UseAnswer>((resolve, reject) => {
      if (signal.aborted) return reject(new Error("nobody waits for the replay any more"));
      const work: ReplayWork = { family, others, asked };
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

  const inTurn = <Answer>(
    { signal, onPart = () => undefined, ...turn }: ReplayOptions = {},
    answer: (until: AbortSignal, onPart: (part: number) => void) => Promise<Answer>,
  ): Promise<Answer> => {
    const until = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
    return line.take(() => answer(until, onPart), { ...turn, signal: until });
  };

  /** Its scenarios in turn to each thread: those next to each other cost alike. */
  const replay = async (
    question: ReplayQuestion,
    others: readonly LogFamily[],
    until: AbortSignal,
    onPart: (part: number) => void,
  ): Promise<ReplayAnswer> => {
    const { scenarios } = question;
    const shares = scenarios.length < leastToShare ? 1 : threads;
    const failed = new AbortController();
    const signal = AbortSignal.any([until, failed.signal]);
    const parts = Array.from({ length: shares }, () => 0);
    const answers = Array.from({ length: shares }, async (_, share) => {
      const own = { ...question, scenarios: scenarios.filter((_scenario, at) => at % shares === share) };
      const tell = (part: number): void => {
        parts[share] = part;
        onPart(parts.reduce((sum, one) => sum + one, 0) / shares);
      };
      // Answered in its own kind.
      return (await run({ kind: "replay", question: own }, others, signal, tell)) as ReplayAnswer;
    });
    try {
      const all = await Promise.all(answers);
      const worlds = scenarios.map((_, at) => all[at % shares]?.worlds[Math.floor(at / shares)] ?? []);
      return { ...(all[0] as ReplayAnswer), worlds };
    } catch (fault) {
      failed.abort();
      await Promise.allSettled(answers);
      throw fault;
    }
  };

  return {
    replay: (question, options) =>
      inTurn(options, (until, onPart) => replay(question, options?.others ?? [], until, onPart)),
    use: (question, options) =>
      inTurn(
        options,
        (until, onPart) =>
          run({ kind: "use", question }, options?.others ?? [], until, onPart) as Promise<UseAnswer>,
      ),
    async close() {
      closing.abort();
      await line.idle();
    },
  };
}
