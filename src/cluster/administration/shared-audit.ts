/**
 * Who changed what on which node, for all of them: what events say of it stands in the database as well, a moment later and
 * beside the work. While the database is away it waits in memory, and stands in the events of its node in any case.
 */
import { randomUUID } from "node:crypto";
import type { EventRecord } from "../../events/events.ts";
import { renderEvent } from "../../events/event-text.ts";
import { isOfValue } from "../database/database-fault.ts";
import { keptJson } from "../database/kept-text.ts";
import type { Session } from "../database/session.ts";
import type { AuditEntry, SharedAudit } from "./audit-contract.ts";

/** As long as Exchange keeps its own (AdminAuditLogAgeLimit). */
export const auditKeptDays = 90;
const soonMs = 100;
const againMs = 5_000;
const atOnce = 500;
/** More wait for no database; the events of the node have them. */
const waitAtMost = 10_000;
const closeMs = 2_000;

type Waiting = Omit<AuditEntry, "from"> & { readonly id: string; readonly came_from: string };

export function createSharedAudit(parts: {
  readonly session: Pick<Session, "query">;
  readonly name: (of: string) => string;
  readonly node: string;
}): SharedAudit {
  const { session, name, node } = parts;
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let closed = false;

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const some = waiting.slice(0, atOnce);
      await add(some);
      waiting = waiting.filter((entry) => !some.includes(entry));
    }
  };
  /** What the database refuses for what it says is given up, one at most: the events of the node have it. */
  const add = async (some: readonly Waiting[]): Promise<void> => {
    try {
      await session.query(`select ${name("add_audit_1")}($1, $2)`, [keptJson(some), auditKeptDays]);
    } catch (error) {
      if (!isOfValue(error)) throw error;
      if (some.length === 1) return;
      const half = some.length >> 1;
      await add(some.slice(0, half));
      await add(some.slice(half));
    }
  };
  const write = (): Promise<void> =>
    (writing ??= writeAll().finally(() => {
      writing = undefined;
    }));
  const writeSoon = (ms: number): void => {
    if (closed || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      write().then(
        () => waiting.length > 0 && writeSoon(soonMs),
        () => writeSoon(againMs),
      );
    }, ms).unref();
  };

  return {
    heard(record) {
      const entry = audited(record);
      if (entry === undefined || closed || waiting.length >= waitAtMost) return;
      waiting.push({ ...entry, id: randomUUID(), node });
      writeSoon(soonMs);
    },
    async list({ since, until, who, node: of, text, limit }) {
      // Who asks the node where he has just done something finds it. What cannot be written now (a full disk) keeps nobody from reading.
      if (waiting.length > 0) await write().catch(() => undefined);
      const rows = await session.query<Omit<AuditEntry, "from"> & { came_from: string }>(
        `select at, node, event, who, came_from, operation, target, text from ${name("audit")}
          where ($1::timestamptz is null or at >= $1) and ($2::timestamptz is null or at < $2)
            and ($3::text is null or lower(who) = lower($3)) and ($4::text is null or lower(node) = lower($4))
            and ($5::text is null or strpos(lower(operation || ' ' || target || ' ' || text), lower($5)) > 0)
          order by at desc, id limit $6`,
        [since ?? null, until ?? null, who ?? null, of ?? null, text ?? null, limit],
      );
      return rows.map(({ came_from: from, ...rest }) => ({ ...rest, from }));
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      const patience = new Promise<void>((resolve) => setTimeout(resolve, closeMs).unref());
      await Promise.race([(writing ?? Promise.resolve()).then(writeAll).catch(() => undefined), patience]);
    },
  };
}

/** Undefined: it says of nobody that something was done. */
export function audited(
  record: EventRecord,
): (Omit<AuditEntry, "node" | "from"> & { readonly came_from: string }) | undefined {
  const { name, definition, at, fields } = record;
  const { who, from, operation, target } = fields;
  const isOfService = name === "ServiceSuspended" || name === "ServiceResumed";
  if (typeof who !== "string" || !(isOfService || typeof from === "string")) return undefined;
  // `anna (10.0.0.1)` where one field has both.
  const [, person = who, place = ""] = (isOfService ? /^(.*) \((.*)\)$/.exec(who) : null) ?? [];
  const clean = (text: unknown): string => (typeof text === "string" ? text.replaceAll("\0", "") : "");
  return {
    at,
    event: definition.id,
    who: clean(person),
    came_from: clean(isOfService ? place : from),
    operation: clean(operation ?? name),
    target: clean(target),
    text: clean(renderEvent(record)),
  };
}
