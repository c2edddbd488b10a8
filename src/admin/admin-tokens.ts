/**
 * The tokens that let people and scripts use the console's door. Only hashes are kept: SHA-256 is enough for 256 random
 * bits (docs/decisions/0010-admin-tokens.md).
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createInTurn } from "../ports/in-turn.ts";
import type { KeptToken, KeptTokens } from "../ports/kept-tokens.ts";
import type { Role } from "./routes.ts";
import { tokenFile } from "./token-file.ts";

export interface AdminToken {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
}

export interface AdminTokens {
  /** Why they cannot be read: there are no tokens then, nor can there be new ones. */
  readonly fault: string | undefined;
  list(): readonly AdminToken[];
  /** By name, whatever its case. */
  named(name: string): AdminToken | undefined;
  /** Whose token this is. Compares with every hash in constant time. */
  find(secret: string): AdminToken | undefined;
  /** Makes a token and resolves with its secret, which is told only here. Rejects when it cannot be kept. */
  add(token: AdminToken): Promise<string>;
  /** False: there is none of that name. */
  remove(name: string): Promise<boolean>;
  /** Aborts when the token is removed, here or by another node. */
  removed(token: AdminToken): AbortSignal;
  /** Looks for others' changes no more. */
  close(): void;
}

/** Never rejects. Where they cannot be read nobody is let in. */
export async function openAdminTokens(given: string | KeptTokens): Promise<AdminTokens> {
  const kept = typeof given === "string" ? tokenFile(given) : given;
  let fault: string | undefined;
  let stored: readonly KeptToken[] = [];
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  const endings = new Map<string, AbortController>();
  const inTurn = createInTurn();

  const take = (found: readonly KeptToken[]): void => {
    const gone = stored.filter((token) => !found.some(({ hash }) => hash === token.hash));
    stored = found;
    for (const { name } of gone) {
      endings.get(name)?.abort();
      endings.delete(name);
    }
  };
  /** What is known goes on while they cannot be read. */
  const look = async (): Promise<void> => {
    try {
      take(await kept.read());
      fault = undefined;
    } catch (reason) {
      if (kept.lookMs === undefined) fault = reason instanceof Error ? reason.message : String(reason);
    }
  };
  const plan = (ms: number): void => {
    if (isClosed) return;
    timer = setTimeout(() => void inTurn(look).then(() => plan(ms)), ms).unref();
  };
  await look();
  if (kept.lookMs !== undefined) plan(kept.lookMs);
  const same = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

  return {
    get fault() {
      return fault;
    },
    list: () => stored.map(shown),
    named(name) {
      const found = stored.find((token) => same(token.name, name));
      return found && shown(found);
    },
    find(secret) {
      const hash = sha256(secret);
      let found: KeptToken | undefined;
      for (const token of stored) if (timingSafeEqual(Buffer.from(token.hash, "hex"), hash)) found = token;
      return found && shown(found);
    },
    add: (token) =>
      inTurn(async () => {
        if (fault !== undefined) throw new Error(fault);
        const secret = `weir_${randomBytes(32).toString("base64url")}`;
        const made = { ...token, hash: sha256(secret).toString("hex") };
        if (!(await kept.add(made))) {
          // Another node has made it meanwhile.
          await look();
          throw new Error(`${token.name} is there already`);
        }
        take([...stored.filter(({ name }) => !same(name, token.name)), made]);
        return secret;
      }),
    remove: (name) =>
      inTurn(async () => {
        if (fault !== undefined) throw new Error(fault);
        const isGone = await kept.remove(name);
        take(stored.filter((token) => !same(token.name, name)));
        return isGone;
      }),
    removed({ name }) {
      const ending = endings.get(name) ?? new AbortController();
      endings.set(name, ending);
      return ending.signal;
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

export function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function shown({ name, role, createdAt }: KeptToken): AdminToken {
  return { name, role, createdAt };
}
