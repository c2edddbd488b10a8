/** Which sources are in discredit (src/receive/admission/discredits.ts), for all nodes: told at once, heard of at the next look. */
import type { DiscreditNews } from "../../receive/admission/discredits.ts";
import type { Database } from "../database/database.ts";
import type { Looks } from "./looks.ts";

interface Told {
  readonly connector: string;
  readonly source: string;
  readonly ms: number;
}

/** Waiting to be told; beyond it they are this node's alone. */
const mostUntold = 10_000;
const mostAtOnce = 1_000;
const againMs = 1_000;

export interface SharedDiscredits extends DiscreditNews {
  close(): void;
}

export function createSharedDiscredits(parts: {
  readonly database: Pick<Database, "shared" | "name">;
  readonly looks: Looks;
}): SharedDiscredits {
  const { shared: session, name } = parts.database;
  const untold = new Map<string, Told>();
  let telling: Promise<void> | undefined;
  let listener: (connector: string, source: string, leftMs: number) => void = () => undefined;
  let seen = 0n;
  let closed = false;

  const tellAll = async (): Promise<void> => {
    while (untold.size > 0 && !closed) {
      const all = [...untold].slice(0, mostAtOnce);
      for (const [key] of all) untold.delete(key);
      try {
        await session.query(`select ${name("discredit_1")}($1, $2, $3)`, [
          all.map(([, { connector }]) => connector),
          all.map(([, { source }]) => source),
          all.map(([, { ms }]) => ms),
        ]);
      } catch {
        for (const [key, told] of all) if (!untold.has(key)) untold.set(key, told);
        await new Promise((resolve) => setTimeout(resolve, againMs).unref());
      }
    }
    telling = undefined;
  };

  parts.looks.add(async () => {
    const rows = await session.query<{ connector: string; source: string; left_ms: number; number: string }>(
      `select connector, source, number,
          greatest(0, extract(epoch from until - clock_timestamp()) * 1000)::float8 as left_ms
        from ${name("discredit")} where number > $1 order by number limit ${mostUntold}`,
      [`${seen}`],
    );
    for (const row of rows) {
      seen = BigInt(row.number);
      listener(row.connector, row.source, row.left_ms);
    }
  });

  return {
    tell(connector, source, ms) {
      const key = `${source} ${connector}`;
      if (untold.size >= mostUntold && !untold.has(key)) return;
      untold.set(key, { connector, source, ms });
      telling ??= Promise.resolve().then(tellAll);
    },
    onNews(given) {
      listener = given;
    },
    close() {
      closed = true;
      untold.clear();
    },
  };
}
