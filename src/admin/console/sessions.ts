/** Who is signed in at the console. In memory only: a restart asks everybody for the token again. */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock, Timer } from "../../ports/ports.ts";
import { type AdminToken, type AdminTokens, sha256 } from "../admin-tokens.ts";

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
  endAll(): void;
}

export const absoluteMs = 12 * 60 * 60_000;
export const idleMs = 60 * 60_000;
const mostSessions = 1_000;
/** How late the streams of an expired session end. */
const sweepMs = 60_000;

interface Kept extends Session {
  readonly openedAt: number;
  usedAt: number;
  readonly end: () => void;
}

export function createSessions(clock: Clock, tokens: AdminTokens): Sessions {
  // By hash, so that looking up tells nothing of how much of an id was right.
  const kept = new Map<string, Kept>();
  let sweeping: Timer | undefined;

  const hasExpired = ({ openedAt, usedAt, token, ended }: Kept): boolean => {
    const now = clock.now();
    return (
      ended.aborted ||
      now - openedAt >= absoluteMs ||
      now - usedAt >= idleMs ||
      tokens.removed(token).aborted ||
      tokens.named(token.name)?.createdAt !== token.createdAt
    );
  };
  const sweep = (): void => {
    for (const session of kept.values()) if (hasExpired(session)) session.end();
    sweeping = kept.size === 0 ? undefined : clock.after(sweepMs, sweep);
  };

  return {
    open(token) {
      const id = randomBytes(32).toString("base64url");
      const key = keyOf(id);
      const ending = new AbortController();
      const removed = tokens.removed(token);
      const end = (): void => {
        kept.delete(key);
        removed.removeEventListener("abort", end);
        ending.abort();
      };
      removed.addEventListener("abort", end);
      const now = clock.now();
      const session: Kept = {
        token,
        csrfToken: randomBytes(32).toString("base64url"),
        ended: ending.signal,
        openedAt: now,
        usedAt: now,
        end,
      };
      kept.set(key, session);
      if (kept.size > mostSessions) kept.values().next().value?.end();
      sweeping ??= clock.after(sweepMs, sweep);
      return { id, session };
    },
    find(id) {
      const session = kept.get(keyOf(id));
      if (session === undefined) return undefined;
      if (hasExpired(session)) {
        session.end();
        return undefined;
      }
      session.usedAt = clock.now();
      return session;
    },
    end: (id) => kept.get(keyOf(id))?.end(),
    endAll() {
      for (const session of kept.values()) session.end();
      sweeping?.cancel();
      sweeping = undefined;
    },
  };
}

export function isCsrfToken({ csrfToken }: Session, given: string | null): boolean {
  return given !== null && timingSafeEqual(sha256(csrfToken), sha256(given));
}

function keyOf(id: string): string {
  return sha256(id).toString("base64url");
}
