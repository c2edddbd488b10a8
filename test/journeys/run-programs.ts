/** Servers of other people's making, run in the foreground for a test, from a directory that goes with them. */
import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";

export interface RunPrograms {
  readonly start: (program: string, args: readonly string[]) => void;
  /** What they have said so far, on both streams. */
  readonly output: () => string;
  /** Ends each that still runs, and removes the directory. */
  readonly close: () => Promise<void>;
}

export function runPrograms(directory: string): RunPrograms {
  const children: ChildProcess[] = [];
  let output = "";
  return {
    start(program, args) {
      const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
      children.push(child);
    },
    output: () => output,
    async close() {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        await ended;
      }
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
