/**
 * A refusal said once: what the reply, the event and the metric need to tell which limit it was, whom it hit and
 * what it was held against.
 */
import type { Reply } from "../smtp/reply.ts";

export interface Refusal {
  readonly connector: string;
  /** The setting's name. */
  readonly limit: string;
  readonly configured: number;
  /** What the setting allowed at that moment, where it differs from `configured` (percentages). */
  readonly allowed: number;
  readonly seen: number;
  readonly source: string;
  readonly eventId: number;
  /** Stands in the reply, the event and the protocol log, so that one finds the other. */
  readonly reference: string;
}

/** Exchange's exact text, then in parentheses what it was: the sender's own log holds the answer. */
export function explain(reply: Reply, refusal: Refusal): Reply {
  const value =
    refusal.limit === "maxInboundConnectionPercentagePerSource"
      ? `${refusal.configured}% = ${refusal.allowed}`
      : `${refusal.configured}`;
  return {
    ...reply,
    text: `${reply.text} (${refusal.connector}: ${refusal.limit} ${value}, source ${refusal.source}, event ${refusal.eventId}, ref ${refusal.reference})`,
  };
}

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A short reference from a growing number, without letters that are read for digits. */
export function referenceOf(sequence: number): string {
  let rest = Math.floor(sequence);
  let out = "";
  do {
    out = `${alphabet[rest % 32]}${out}`;
    rest = Math.floor(rest / 32);
  } while (rest > 0);
  return out;
}
