/** The thread that replays the record: one question (replay-thread.ts), told how far it is, and its answer. */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { UseObserver } from "../core/advice/use-observer.ts";
import { rightsOfClient } from "../core/policy/rights-of-client.ts";
import { Replay } from "../core/what-if/replay.ts";
import type { LogFamily } from "../logs/log-files.ts";
import { readTraffic } from "./read-traffic.ts";
import type { ReplayTold, ReplayWork } from "./replay-thread.ts";

const { family, asked } = workerData as ReplayWork;
const port = parentPort;
if (port === null) throw new Error("replay-worker.ts is a thread of replay-thread.ts");

/** Below the mail. On Linux the priority is this thread's alone; elsewhere it would be the whole relay's. */
if (process.platform === "linux") {
  try {
    setPriority(10);
  } catch {
    // Not allowed here: then at the same priority.
  }
}

const tell = (told: ReplayTold): void => port.postMessage(told, []);

async function answer(from: LogFamily): Promise<void> {
  const onPart = (part: number): void => tell({ part });
  if (asked.kind === "use") {
    const heard = new UseObserver(asked.question);
    const damaged = await readTraffic(from, asked.question.fromMs, heard, onPart);
    return tell({ answer: { ...heard.outcome(), damaged } });
  }
  const { users, applications, ...rest } = asked.question;
  const played = new Replay({ ...rest, rightsOf: rightsOfClient(users, applications) });
  const damaged = await readTraffic(from, rest.fromMs, played, onPart);
  tell({ answer: { ...played.outcome(), damaged } });
}

answer(family).catch((error: unknown) =>
  tell({ fault: error instanceof Error ? error.message : String(error) }),
);
