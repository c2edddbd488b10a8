/** Of several nodes: the traffic records of the others, for what is asked of all of them together. */
import type { LogFamily } from "../logs/log-files.ts";
import type { Unanswered } from "./contract/across-nodes.ts";

export interface GatheredRecords {
  /** Copies, until the work with them ends. */
  readonly others: readonly LogFamily[];
  /** Whose records it is about, this node first; empty: there is one relay, or one node was asked for. */
  readonly servers: readonly string[];
  /** Whose are missing. */
  readonly unanswered: Unanswered;
}

export interface RecordsOfNodes {
  /** Asks the others for their records of that time, and removes the copies when `work` ends. One at a time. */
  with<Answer>(
    period: { readonly fromMs: number; readonly toMs: number },
    around: { readonly signal: AbortSignal; readonly onPart: (part: number) => void },
    work: (records: GatheredRecords) => Promise<Answer>,
  ): Promise<Answer>;
}
