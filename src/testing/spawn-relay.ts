/** `weir start` as a child process, as users run it. Needs the build (`dist/`). */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { packageFile } from "../ports/package-files.ts";

const ownProgram = packageFile("bin/weir.js");

export interface SpawnedRelay {
  readonly pid: number;
  readonly process: ChildProcess;
  /** All of stderr so far. */
  stderr(): string;
  stdout(): string;
  /** Resolves when stderr matches; rejects after `timeoutMs` (30 s) or when the process ends. */
  said(pattern: RegExp, timeoutMs?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Resolves as soon as the process runs; `said(/Listening on/)` tells that it listens. */
export async function spawnRelay(
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env?: Readonly<Record<string, string>>;
    /** A command put in front, such as `strace …`; `kill` then ends both. */
    readonly under?: readonly string[];
    /** Another build's `bin/weir.js`. */
    readonly program?: string | undefined;
  },
): Promise<SpawnedRelay> {
  const { under = [], program = ownProgram } = options;
  const [command = "", ...rest] = [...under, process.execPath, program, ...args];
  const ownGroup = options.under !== undefined;
  const child = spawn(command, rest, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: ownGroup,
  });
  let stderr = "";
  let stdout = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const exited = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  await once(child, "spawn");
  const { pid } = child;
  if (pid === undefined) throw new Error("the process has no id");

  return {
    pid,
    process: child,
    stderr: () => stderr,
    stdout: () => stdout,
    exited,
    kill(signal) {
      if (!ownGroup) child.kill(signal);
      else if (child.exitCode === null && child.signalCode === null) process.kill(-pid, signal);
    },
    said(pattern, timeoutMs = 30_000) {
      return new Promise((done, reject) => {
        const look = (): void => {
          if (!pattern.test(stderr)) return;
          finish();
          done();
        };
        const fail = (why: string) => (): void => {
          finish();
          const state = `exit code ${String(child.exitCode)}, signal ${String(child.signalCode)}`;
          reject(new Error(`${why} (${state}) before ${String(pattern)} was said:\n${stderr}`));
        };
        const ended = fail("the relay ended");
        const timer = setTimeout(fail(`${timeoutMs} ms passed`), timeoutMs);
        const finish = (): void => {
          clearTimeout(timer);
          child.stderr.off("data", look);
          child.off("close", ended);
        };
        child.stderr.on("data", look);
        child.on("close", ended);
        look();
      });
    },
  };
}
