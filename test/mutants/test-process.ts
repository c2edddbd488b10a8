/** A process with warm tests, ended with all it started when it stands still, and then started anew. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface Request {
  /** Files written since the last request. */
  readonly changed: readonly string[];
  /** In the order they are to run. */
  readonly tests: readonly string[];
}

export interface Answer {
  /** The first test that failed; the rest did not run. `byTime`: because it had not ended in time. */
  readonly failed:
    | { readonly file: string | undefined; readonly name: string; readonly byTime: boolean }
    | undefined;
  /** Test files that did not run though none failed: then nothing is known. */
  readonly left: readonly string[];
}

/** Sent after each test. */
export type Alive = "alive";

/** "timeout" when no test ended for half a minute; "died" when the process ended by itself. */
export type Outcome = Answer | "timeout" | "died";

export interface TestProcess {
  /** A file was written; the next run reads it anew. */
  changed(file: string): void;
  run(tests: readonly string[]): Promise<Outcome>;
  end(): Promise<void>;
}

/** Longer than a test may take (warm-tests.ts). */
const stillMs = 30_000;

/** Tests of the tree at `root`; `scratch` becomes their TMPDIR. */
export function createTestProcess(root: string, scratch: string): TestProcess {
  let child: ChildProcess | undefined;
  const written = new Set<string>();

  const started = (): ChildProcess =>
    (child ??= fork(join(import.meta.dirname, "warm-tests.ts"), [root], {
      cwd: root,
      // Threads from the sources, which change here.
      env: { ...process.env, TMPDIR: scratch, NO_COLOR: "1", WEIR_TEST_THREADS: "" },
      // A group of its own, so that it ends with its workers and with what tests start.
      detached: true,
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    }));

  async function end(): Promise<void> {
    const ended = child;
    child = undefined;
    if (ended?.pid === undefined) return;
    const gone = ended.exitCode === null && ended.signalCode === null ? once(ended, "exit") : undefined;
    try {
      process.kill(-ended.pid, "SIGKILL");
    } catch {
      // All of it ended by itself.
    }
    await gone;
  }

  async function run(tests: readonly string[]): Promise<Outcome> {
    const asked = started();
    const answer = new Promise<Outcome>((resolve) => {
      let timer = setTimeout(resolve, stillMs, "timeout");
      asked.on("message", (message: Answer | Alive) => {
        clearTimeout(timer);
        if (message === "alive") timer = setTimeout(resolve, stillMs, "timeout");
        else resolve(message);
      });
      asked.once("exit", () => {
        clearTimeout(timer);
        resolve("died");
      });
    });
    asked.send({ changed: [...written], tests } satisfies Request);
    written.clear();
    const result = await answer;
    asked.removeAllListeners("message").removeAllListeners("exit");
    if (typeof result === "string") await end();
    else if (result.left.length > 0) throw new Error(`vitest did not run ${result.left.join(", ")}`);
    return result;
  }

  return { run, end, changed: (file) => void written.add(file) };
}
