/** Who changed what on which node, as it is asked for and shown. */
import type { EventRecord } from "../../events/events.ts";

export interface AuditEntry {
  readonly at: Date;
  readonly node: string;
  /** Of docs/events.md. */
  readonly event: number;
  readonly who: string;
  /** An address, or `socket`; empty where the event does not say. */
  readonly from: string;
  /** Of the admin API; else the event's name. */
  readonly operation: string;
  /** What was changed, by its name; empty where that is said by the text alone. */
  readonly target: string;
  readonly text: string;
}

export interface AuditQuery {
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** In any case of letters. */
  readonly who?: string | undefined;
  readonly node?: string | undefined;
  /** Contained in operation, target or text, in any case of letters. */
  readonly text?: string | undefined;
  readonly limit: number;
}

export interface SharedAudit {
  /** Cost: a look at what the event says. */
  heard(record: EventRecord): void;
  /** The newest first. Rejects with DatabaseFault. */
  list(query: AuditQuery): Promise<readonly AuditEntry[]>;
  /** Writes what waits, if the database answers within a moment. Never rejects. */
  close(): Promise<void>;
}
