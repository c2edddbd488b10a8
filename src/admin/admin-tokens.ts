/**
 * The tokens that let people and scripts use the console's door, in `admin/tokens.json` of the data directory
 * (mode 0600). Only hashes are kept: SHA-256 is enough for 256 random bits (docs/decisions/0010-admin-tokens.md).
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirectory } from "../ports/make-directory.ts";
import { z } from "zod";
import { fileFault } from "../ports/file-fault.ts";
import { replaceFile } from "../ports/replace-file.ts";
import type { Role } from "./routes.ts";

export interface AdminToken {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
}

export interface AdminTokens {
  /** Why the file cannot be read: there are no tokens then, nor can there be new ones. */
  readonly fault: string | undefined;
  list(): readonly AdminToken[];
  /** By name, whatever its case. */
  named(name: string): AdminToken | undefined;
  /** Whose token this is. Compares with every hash in constant time. */
  find(secret: string): AdminToken | undefined;
  /** Makes a token and resolves with its secret, which is told only here. Rejects when the file cannot be written. */
  add(token: AdminToken): Promise<string>;
  /** False: there is none of that name. */
  remove(name: string): Promise<boolean>;
  /** Aborts when the token is removed. */
  removed(token: AdminToken): AbortSignal;
}

interface StoredToken extends AdminToken {
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

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

/** Never rejects. A file that cannot be read is left as it is, and nobody is let in. */
export async function openAdminTokens(dataDirectory: string): Promise<AdminTokens> {
  const file = join(dataDirectory, "admin", "tokens.json");
  let fault: string | undefined;
  let stored: readonly StoredToken[] = await readTokens(file).catch((reason: unknown) => {
    fault = reason instanceof Error ? reason.message : String(reason);
    return [];
  });
  const endings = new Map<string, AbortController>();
  let writing: Promise<unknown> = Promise.resolve();

  /** One after the other; what is in force is what is on disk. */
  const change = <Result>(
    edit: () => { tokens: readonly StoredToken[]; result: Result },
  ): Promise<Result> => {
    const done = writing.then(async () => {
      if (fault !== undefined) throw new Error(fault);
      const { tokens, result } = edit();
      if (tokens !== stored) await writeTokens(file, tokens);
      stored = tokens;
      return result;
    });
    writing = done.catch(() => undefined);
    return done;
  };
  const same = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

  return {
    fault,
    list: () => stored.map(shown),
    named(name) {
      const found = stored.find((token) => same(token.name, name));
      return found && shown(found);
    },
    find(secret) {
      const hash = sha256(secret);
      let found: StoredToken | undefined;
      for (const token of stored) if (timingSafeEqual(Buffer.from(token.hash, "hex"), hash)) found = token;
      return found && shown(found);
    },
    add: (token) =>
      change(() => {
        if (stored.some(({ name }) => same(name, token.name)))
          throw new Error(`${token.name} is there already`);
        const secret = `weir_${randomBytes(32).toString("base64url")}`;
        return { tokens: [...stored, { ...token, hash: sha256(secret).toString("hex") }], result: secret };
      }),
    async remove(name) {
      const gone = await change(() => {
        const result = stored.find((token) => same(token.name, name));
        return { tokens: result === undefined ? stored : stored.filter((token) => token !== result), result };
      });
      if (gone === undefined) return false;
      endings.get(gone.name)?.abort();
      endings.delete(gone.name);
      return true;
    },
    removed({ name }) {
      const ending = endings.get(name) ?? new AbortController();
      endings.set(name, ending);
      return ending.signal;
    },
  };
}

export function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function shown({ name, role, createdAt }: StoredToken): AdminToken {
  return { name, role, createdAt };
}

async function readTokens(file: string): Promise<readonly StoredToken[]> {
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

async function writeTokens(file: string, tokens: readonly StoredToken[]): Promise<void> {
  try {
    await makeDirectory(dirname(file), 0o700);
  } catch (error) {
    throw await fileFault(file, error);
  }
  await replaceFile(file, `${JSON.stringify({ tokens }, undefined, 2)}\n`, { mode: 0o600 });
}
