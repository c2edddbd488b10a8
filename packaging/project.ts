/** What all packages say of the program: name, version, and of when it is. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { run } from "./run-command.ts";

export const root = resolve(import.meta.dirname, "..");

const { name, version, description, license } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
) as Readonly<Record<"name" | "version" | "description" | "license", string>>;
export const project = { name, version, description, license } as const;

/**
 * The time that files in packages bear, seconds since 1970: SOURCE_DATE_EPOCH, else that of the last commit, so that two
 * builds of one source are the same (reproducible-builds.org).
 */
export async function sourceDate(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  const given = env["SOURCE_DATE_EPOCH"];
  if (given !== undefined && /^\d+$/.test(given)) return Number(given);
  return Number((await run("git", ["log", "-1", "--format=%ct"], { cwd: root })).trim());
}
