/** What `npm run format` would make of a text that a program writes. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { format, type FormatConfig } from "oxfmt";

const settingsFile = new URL("../.oxfmtrc.json", import.meta.url);

/** Throws where `text` is not what the ending of `path` says. */
export async function formatted(path: string, text: string): Promise<string> {
  const {
    $schema: _,
    ignorePatterns: __,
    ...options
  } = JSON.parse(await readFile(settingsFile, "utf8")) as FormatConfig & Record<string, unknown>;
  const { code, errors } = await format(basename(path), text, options);
  const [first] = errors;
  if (first !== undefined) throw new Error(`${path}: ${first.message}`);
  return code;
}
