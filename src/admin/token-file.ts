/** Tokens of administrators in `admin/tokens.json` of the data directory (mode 0600). */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { fileFault } from "../ports/file-fault.ts";
import type { KeptToken, KeptTokens } from "../ports/kept-tokens.ts";
import { makeDirectory } from "../ports/make-directory.ts";
import { replaceFile } from "../ports/replace-file.ts";

const fileSchema = z.object({
  tokens: z.array(
    z.object({
      name: z.string().min(1).max(64),
      role: z.enum(["viewer", "operator", "administrator"]),
      createdAt: z.iso.datetime(),
      hash: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});

/** One caller at a time. A file that cannot be read is left as it is. */
export function tokenFile(dataDirectory: string): KeptTokens {
  const file = join(dataDirectory, "admin", "tokens.json");
  const same = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();
  return {
    read: () => readTokens(file),
    lookMs: undefined,
    async add(token) {
      const tokens = await readTokens(file);
      if (tokens.some(({ name }) => same(name, token.name))) return false;
      await writeTokens(file, [...tokens, token]);
      return true;
    },
    async remove(name) {
      const tokens = await readTokens(file);
      const left = tokens.filter((token) => !same(token.name, name));
      if (left.length === tokens.length) return false;
      await writeTokens(file, left);
      return true;
    },
  };
}

async function readTokens(file: string): Promise<readonly KeptToken[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw fault;
  }
  try {
    return fileSchema.parse(JSON.parse(text)).tokens;
  } catch {
    throw new Error(`${file} is no list of tokens; put it right, or remove it and make new ones`);
  }
}

async function writeTokens(file: string, tokens: readonly KeptToken[]): Promise<void> {
  try {
    await makeDirectory(dirname(file), 0o700);
  } catch (error) {
    throw await fileFault(file, error);
  }
  await replaceFile(file, `${JSON.stringify({ tokens }, undefined, 2)}\n`, { mode: 0o600 });
}
