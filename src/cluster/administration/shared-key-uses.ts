/**
 * When API keys were used last, on any node: each tells its own uses every few seconds, all in one call, and learns those of
 * the others by its answer. Never on the way of a request.
 */
import type { Session } from "../database/session.ts";

/** What is known of it on this node. */
export interface KeyUses {
  /** By hash, the wall clock's milliseconds. */
  uses(): ReadonlyMap<string, number>;
  /** Of another node; an earlier one than is known changes nothing. */
  learn(hash: string, usedAt: number): void;
}

const usualEveryMs = 5_000;
/** Uses of keys that no configuration has any more. */
const forgetAfterMs = 90 * 86_400_000;

export function shareKeyUses(parts: {
  readonly session: Pick<Session, "query">;
  readonly name: (of: string) => string;
  readonly keys: KeyUses;
  readonly everyMs?: number;
}): { close(): Promise<void> } {
  const { session, name, keys, everyMs = usualEveryMs } = parts;
  /** As the database has them. */
  const told = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let sharing: Promise<void> = Promise.resolve();
  let closed = false;

  const share = async (): Promise<void> => {
    const own = [...keys.uses()].filter(([hash, at]) => at > (told.get(hash) ?? 0));
    const rows = await session.query<{ hash: string; used_at: number }>(
      `select hash, used_at from ${name("api_key_uses_1")}($1, $2)`,
      [own.map(([hash]) => hash), own.map(([, at]) => at)],
    );
    told.clear();
    const old: string[] = [];
    for (const { hash, used_at: at } of rows) {
      told.set(hash, at);
      keys.learn(hash, at);
      if (!keys.uses().has(hash) && at < Date.now() - forgetAfterMs) old.push(hash);
    }
    if (old.length > 0) await session.query(`select ${name("forget_api_key_uses_1")}($1)`, [old]);
  };
  const plan = (): void => {
    if (closed) return;
    timer = setTimeout(() => {
      // With the next one.
      sharing = share().catch(() => undefined);
      void sharing.finally(plan);
    }, everyMs).unref();
  };
  sharing = share().catch(() => undefined);
  void sharing.finally(plan);

  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await sharing;
      const patience = new Promise<void>((resolve) => setTimeout(resolve, 1_000).unref());
      await Promise.race([share().catch(() => undefined), patience]);
    },
  };
}
