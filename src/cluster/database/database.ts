/** The sessions of a node, each for one purpose, so that a call that hangs holds up nothing else. Some eleven connections. */
import type { DatabaseSettings } from "../../core/policy/cluster-settings.ts";
import { openSession, type Session } from "./session.ts";
import { quotedName } from "./sql-names.ts";

export interface Database {
  readonly commit: Session;
  /** That one, and another for commits of a second lane. */
  readonly commits: readonly Session[];
  readonly ledger: Session;
  readonly heartbeat: Session;
  /** Claims, and what people ask. */
  readonly reads: Session;
  /** What nodes share beside mail and counts of connections. */
  readonly shared: Session;
  /** How much there is. */
  readonly counts: Session;
  /** For many rows at once. */
  readonly inspection: Session;
  /** Large contents on their way in, a chunk on each, and out: many share them. */
  readonly bodiesIn: readonly Session[];
  readonly bodiesOut: Session;
  /** A table or function of the schema, as SQL has it. */
  readonly name: (of: string) => string;
  readonly schema: string;
  close(): void;
}

/** Connects when it is first asked. */
export function openDatabase(settings: DatabaseSettings): Database {
  const prefix = quotedName(settings.schema);
  const sessions = {
    commit: openSession(settings, "commit"),
    secondCommit: openSession(settings, "commit, second lane"),
    ledger: openSession(settings, "ledger", { timeoutMs: 5_000 }),
    heartbeat: openSession(settings, "heartbeat", { timeoutMs: 5_000 }),
    reads: openSession(settings, "reads"),
    shared: openSession(settings, "shared", { timeoutMs: 5_000 }),
    counts: openSession(settings, "counts"),
    inspection: openSession(settings, "inspection", { timeoutMs: 60_000 }),
    bodiesIn: openSession(settings, "bodies in", { timeoutMs: 30_000 }),
    moreBodiesIn: openSession(settings, "bodies in", { timeoutMs: 30_000 }),
    bodiesOut: openSession(settings, "bodies out", { timeoutMs: 30_000 }),
  };
  return {
    ...sessions,
    commits: [sessions.commit, sessions.secondCommit],
    bodiesIn: [sessions.bodiesIn, sessions.moreBodiesIn],
    name: (of) => `${prefix}.${of}`,
    schema: settings.schema,
    close() {
      for (const session of Object.values(sessions)) session.close();
    },
  };
}
