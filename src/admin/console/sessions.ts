/** Who is signed in at the console: in memory, and kept over a restart. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock, Timer } from "../../ports/ports.ts";
import { type AdminToken, type AdminTokens, sha256 } from "../admin-tokens.ts";
import type { KeptSession } from "./session-file.ts";

export interface Session {
  readonly token: AdminToken;
  readonly csrfToken: string;
  /** Aborts with the session. */
  readonly ended: AbortSignal;
}

export interface Sessions {
  /** Resolves the secret for the cookie. The oldest session makes room above 1,000. */
  open(token: AdminToken): { readonly id: string; readonly session: Session };
  /** Undefined: unknown, expired, or its token is gone. Counts as use. */
  find(id: string): Session | undefined;
  end(id: string): void;
  /** Ends what the sessions follow; whoever is signed in still is after the next start. */
  close(): Promise<void>;
}

/** Where sessions outlast the process. */
export interface SessionStore {
  /** Of the run before. */
  readonly kept: readonly KeptSession[];
  /** Never rejects. */
  save(sessions: readonly KeptSession[]): Promise<void>;
}

export const absoluteMs = 12 * 60 * 60_000;
export const idleMs = 60 * 60_000;
const mostSessions = 1_000;
/** How late the streams of an expired session end, and how much of its use a crash may forget. */
const sweepMs = 60_000;

const noStore: SessionStore = { kept: [], save: () => Promise.resolve() };

interface Open extends Session {
  readonly openedAt: number;
  usedAt: number;
  readonly end: () => void;
}

export function createSessions(clock: Clock, tokens: AdminTokens, store: SessionStore = noStore): Sessions {
  // By hash, so that looking up tells nothing of how much of an id was right.
  const sessions = new Map<string, Open>();
  let sweeping: Timer | undefined;
  let saving: Promise<void> = Promise.resolve();
  let isSaved = true;

  const hasExpired = ({ openedAt, usedAt, token, ended }: Open): boolean => {
    const now = clock.now();
    return (
      ended.aborted ||
      now - openedAt >= absoluteMs ||
      now - usedAt >= idleMs ||
      tokens.removed(token).aborted ||
      tokens.named(token.name)?.createdAt !== token.createdAt
    );
  };

  /** One after the other; what is saved is what holds when its turn comes. */
  const save = (): Promise<void> => {
    isSaved = true;
    return (saving = saving.then(() => {
      const wallOffsetMs = clock.wall().getTime() - clock.now();
      const instant = (at: number): string => new Date(at + wallOffsetMs).toISOString();
      return store.save(
        Array.from(sessions, ([key, { token, csrfToken, openedAt, usedAt }]) => ({
          key,
          token: token.name,
          tokenCreatedAt: token.createdAt,
          csrfToken,
          openedAt: instant(openedAt),
          usedAt: instant(usedAt),
        })),
      );
    }));
  };

  const sweep = (): void => {
    for (const session of sessions.values()) if (hasExpired(session)) session.end();
    if (!isSaved) void save();
    sweeping = sessions.size === 0 ? undefined : clock.after(sweepMs, sweep);
  };

  const add = (key: string, given: Pick<Open, "token" | "csrfToken" | "openedAt" | "usedAt">): Open => {
    const ending = new AbortController();
    const removed = tokens.removed(given.token);
    const end = (): void => {
      sessions.delete(key);
      isSaved = false;
      removed.removeEventListener("abort", end);
      ending.abort();
    };
    removed.addEventListener("abort", end);
    const session: Open = { ...given, ended: ending.signal, end };
    sessions.set(key, session);
    if (sessions.size > mostSessions) sessions.values().next().value?.end();
    sweeping ??= clock.after(sweepMs, sweep);
    return session;
  };

  const wallOffsetMs = clock.wall().getTime() - clock.now();
  for (const { key, token: name, tokenCreatedAt, csrfToken, openedAt, usedAt } of store.kept) {
    const token = tokens.named(name);
    const session = {
      openedAt: Date.parse(openedAt) - wallOffsetMs,
      usedAt: Date.parse(usedAt) - wallOffsetMs,
    };
    // A clock that was put back must not make a session younger than it is.
    if (token?.createdAt !== tokenCreatedAt || session.usedAt > clock.now()) continue;
    const added = add(key, { token, csrfToken, ...session });
    if (hasExpired(added)) added.end();
  }

  return {
    open(token) {
      const id = randomBytes(32).toString("base64url");
      const now = clock.now();
      const csrfToken = randomBytes(32).toString("base64url");
      const session = add(keyOf(id), { token, csrfToken, openedAt: now, usedAt: now });
      void save();
      return { id, session };
    },
    find(id) {
      const session = sessions.get(keyOf(id));
      if (session === undefined) return undefined;
      if (hasExpired(session)) {
        session.end();
        return undefined;
      }
      session.usedAt = clock.now();
      isSaved = false;
      return session;
    },
    end(id) {
      sessions.get(keyOf(id))?.end();
      void save();
    },
    async close() {
      sweeping?.cancel();
      sweeping = undefined;
      await save();
      for (const session of sessions.values()) session.end();
    },
  };
}

export function isCsrfToken({ csrfToken }: Session, given: string | null): boolean {
  return given !== null && timingSafeEqual(sha256(csrfToken), sha256(given));
}

function keyOf(id: string): string {
  return sha256(id).toString("base64url");
}
