/**
 * Who waits for a message to be finished: `Spool.whenFinished`. What this node finishes it knows; of what others hold it
 * asks, for all of them at once.
 */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Database } from "../database/database.ts";
import type { LiveMessages } from "./live-messages.ts";

export interface Finished {
  when(id: MessageId): Promise<void>;
  isFinished(id: MessageId): void;
  close(): void;
}

const askMs = 250;

export function createFinished(parts: {
  readonly database: Pick<Database, "inspection" | "name">;
  readonly lives: Pick<LiveMessages, "find">;
}): Finished {
  const { database, lives } = parts;
  const waiting = new Map<MessageId, (() => void)[]>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const isFinished = (id: MessageId): void => {
    const all = waiting.get(id) ?? [];
    waiting.delete(id);
    for (const resolve of all) resolve();
  };

  const ask = async (): Promise<void> => {
    const ids = [...waiting.keys()].filter((id) => lives.find(id) === undefined);
    if (ids.length === 0) return;
    const rows = await database.inspection
      .query<{ id: string }>(`select id from ${database.name("message")} where id = any($1::bigint[])`, [ids])
      .catch(() => undefined);
    if (rows === undefined) return;
    const there = new Set(rows.map(({ id }) => Number(id)));
    for (const id of ids) if (!there.has(id) && lives.find(id) === undefined) isFinished(id);
  };

  const plan = (ms: number): void => {
    if (timer !== undefined || waiting.size === 0 || closed) return;
    timer = setTimeout(() => {
      void ask().finally(() => {
        timer = undefined;
        plan(askMs);
      });
    }, ms).unref();
  };

  return {
    isFinished,
    when(id) {
      if (closed) return Promise.resolve();
      return new Promise((resolve) => {
        const others = waiting.get(id);
        if (others === undefined) waiting.set(id, [resolve]);
        else others.push(resolve);
        plan(lives.find(id) === undefined ? 0 : askMs);
      });
    },
    close() {
      closed = true;
      clearTimeout(timer);
      for (const id of waiting.keys()) isFinished(id);
    },
  };
}
