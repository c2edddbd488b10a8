import { type ChildProcess, spawn } from "node:child_process";
import { bareEnvironment } from "../bare-environment.ts";

export interface SpawnedServer {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  hasEnded(): boolean;
}

/** Starts a server, below a tracer when there is one. What it says is not read. */
export function spawnServer(
  program: string,
  args: readonly string[],
  under: readonly string[] = [],
): SpawnedServer {
  const [first = program, ...words] = [...under, program, ...args];
  const child = spawn(first, words, { stdio: "ignore", env: bareEnvironment() });
  let ended = false;
  const exited = new Promise<void>((resolve) => {
    const end = (): void => {
      ended = true;
      resolve();
    };
    child.once("exit", end).once("error", end);
  });
  return { child, exited, hasEnded: () => ended };
}
