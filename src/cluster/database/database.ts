/** The sessions of a node, each for one purpose, so that a call that hangs holds up nothing else. Some eight connections. */
import type { DatabaseSettings } from "../../core/policy/cluster-settings.ts";
import { openSession, type Session } from "./session.ts";
import { quotedName } from "./sql-names.ts";

export interface Database {
  readonly commit: Session;
  readonly ledger: Session;
  readonly heartbeat: Session;
  /** Claims, and what people ask. */
  readonly reads: Session;
  /** What nodes share beside mail and counts of connections. */
  readonly shared: Session;
  /** For many rows at once. */
  readonly inspection: Session;
  /** Large contents on their way in, and out: many share one. */
  readonly bodiesIn: Session;
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
    ledger: openSession(settings, "ledger", { timeoutMs: 5_000 }),
    heartbeat: openSession(settings, "heartbeat", { timeoutMs: 5_000 }),
    reads: openSession(settings, "reads"),
    shared: openSession(settings, "shared", { timeoutMs: 5_000 }),
    inspection: openSession(settings, "inspection", { timeoutMs: 60_000 }),
    bodiesIn: openSession(settings, "bodies in", { timeoutMs: 30_000 }),
    bodiesOut: openSession(settings, "bodies out", { timeoutMs: 30_000 }),
  };
  return {
    ...sessions,
    name: (of) => `${prefix}.${of}`,
    schema: settings.schema,
    close() {
      for (const session of Object.values(sessions)) session.close();
    },
  };
}
