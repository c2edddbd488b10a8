import { readFileSync } from "node:fs";
import { packageFile } from "./ports/package-files.ts";

/** The package's version, read from its package.json. */
export const version: string = readVersion();

function readVersion(): string {
  const text = readFileSync(packageFile("package.json"), "utf8");
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === "object" && parsed !== null && "version" in parsed
    ? String(parsed.version)
    : "unknown";
}
