/**
 * When API keys were used last, on any node: each tells its own uses every few seconds, all in one call, and learns those of
 * the others by its answer. Never on the way of a request.
 */
import type { Clock } from "../../ports/ports.ts";
import { atMost } from "../../ports/at-most.ts";
import { repeatLook } from "../../ports/repeated-look.ts";
import type { Session } from "../database/session.ts";

/** What is known of it on this node. */
export interface KeyUses {
  /** By hash, the wall clock's milliseconds. */
  uses(): ReadonlyMap<string, number>;
  /** Of another node; an earlier one than is known changes nothing. */
  learn(hash: string, usedAt: number): void;
}

const usualEveryMs = 5_000;
/** So long a stop waits for the last uses to be told. */
const closeMs = 1_000;
/** Uses of keys that no configuration has any more. */
const forgetAfterMs = 90 * 86_400_000;

export function shareKeyUses(parts: {
  readonly session: Pick<Session, "query">;
  readonly name: (of: string) => string;
  readonly keys: KeyUses;
  readonly clock: Clock;
  readonly everyMs?: number;
}): { close(): Promise<void> } {
  const { session, name, keys, clock, everyMs = usualEveryMs } = parts;
  /** As the database has them. */
  const told = new Map<string, number>();

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
  // What could not be told is told with the next one.
  const looks = repeatLook(clock, everyMs, share);
  void looks.now().catch(() => undefined);

  return {
    async close() {
      await looks.close();
      await atMost(
        clock,
        closeMs,
        share().catch(() => undefined),
      );
    },
  };
}
