/** The thread that replays the record: one question (replay-thread.ts), told how far it is, and its answer. */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { rightsOfClient } from "../core/policy/rights-of-client.ts";
import { Replay } from "../core/what-if/replay.ts";
import type { LogFamily } from "../logs/log-files.ts";
import { readTraffic } from "./read-traffic.ts";
import type { ReplayTold, ReplayWork } from "./replay-thread.ts";

const { family, question } = workerData as ReplayWork;
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

async function replay(from: LogFamily): Promise<void> {
  const { users, applications, ...rest } = question;
  const played = new Replay({ ...rest, rightsOf: rightsOfClient(users, applications) });
  const damaged = await readTraffic(from, question.fromMs, played, (part) => tell({ part }));
  tell({ answer: { ...played.outcome(), damaged } });
}

replay(family).catch((error: unknown) =>
  tell({ fault: error instanceof Error ? error.message : String(error) }),
);
