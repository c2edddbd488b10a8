/** The thread that replays the record: one question (replay-thread.ts), told how far it is, and its answer. */
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { UseObserver } from "../core/advice/use-observer.ts";
import { rightsOfClient } from "../core/policy/rights-of-client.ts";
import { Replay } from "../core/what-if/replay.ts";
import type { TrafficListener } from "../core/traffic/traffic-facts.ts";
import { readTraffic, readTrafficOfNodes, type TrafficOfNodes } from "./read-traffic.ts";
import type { ReplayTold, ReplayWork } from "./replay-thread.ts";

const { family, others, asked } = workerData as ReplayWork;
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

async function answer(): Promise<void> {
  if (asked.kind === "use") {
    const heard = new UseObserver(asked.question);
    const { damaged } = await read(asked.question, heard);
    return tell({ answer: { ...heard.outcome(), damaged } });
  }
  const { users, applications, ...rest } = asked.question;
  const played = new Replay({ ...rest, rightsOf: rightsOfClient(users, applications) });
  const { damaged, breaks } = await read(rest, played);
  const outcome = played.outcome();
  const [starts, gaps] = [outcome.starts + breaks.starts, outcome.gaps + breaks.gaps];
  tell({ answer: { ...outcome, starts, gaps, damaged } });
}

async function read(
  period: { readonly fromMs: number; readonly toMs: number },
  listener: TrafficListener,
): Promise<TrafficOfNodes> {
  const onPart = (part: number): void => tell({ part });
  if (others.length > 0) return readTrafficOfNodes([family, ...others], period, listener, onPart);
  const damaged = await readTraffic(family, period.fromMs, listener, onPart);
  return { damaged, breaks: { starts: 0, gaps: 0 } };
}

answer().catch((error: unknown) => tell({ fault: error instanceof Error ? error.message : String(error) }));
