import { execFile } from "node:child_process";

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program and resolves with what it printed; rejects with what it complained of. */
export function run(
  program: string,
  words: readonly string[],
  { cwd, env }: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      words,
      {
        ...(cwd === undefined ? {} : { cwd }),
        env: { ...process.env, LC_ALL: "C.UTF-8", ...env },
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const said = stderr.trim() || error.message;
        reject(new Error(`${program} ${words.slice(0, 3).join(" ")}: ${said}`));
      },
    );
  });
}
