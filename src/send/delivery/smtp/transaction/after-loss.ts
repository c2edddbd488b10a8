/**
 * What follows for a transaction whose connection is gone, or whose peer says what cannot be right. Pure: the phase
 * it was in decides, and what may be blamed.
 */
import type { ClientErrorCode } from "../wire/client-error.ts";

/** What the next reply answers. `chunk`: BDAT by a stream; `content`: the whole content. */
export type Phase = "reset" | "mail" | "recipient" | "data" | "chunk" | "content";

export interface LossFacts {
  readonly phase: Phase;
  readonly code: ClientErrorCode;
  /** The whole content was handed over: the peer may have taken the message. */
  readonly contentComplete: boolean;
  /** Every recipient has its answer, and nobody was to get the content: MAIL was refused, or all RCPT were. */
  readonly decided: boolean;
  readonly anyReply: boolean;
  readonly blame: {
    /** BDAT is used and was never answered well here; the content may go by DATA. */
    readonly chunking: boolean;
    /** The content may go by DATA, though BDAT has worked here. */
    readonly dataInstead: boolean;
    readonly pipelining: boolean;
    readonly tls: boolean;
  };
}

export type LossVerdict =
  /** `close()` did it. */
  | "aborted"
  /** Its outcome stands already. */
  | "decided"
  /** At once on a new connection, without what is blamed. */
  | "againByData"
  | "againOneByOne"
  | "againInClear"
  /** Nothing can have been taken: on a new connection, once. */
  | "again"
  /** The peer hung or spoke nonsense before it can have taken anything. */
  | "putOff"
  /** Perhaps it was taken. Twice is better than never (RFC 5321 §6.1), but not at once. */
  | "unconfirmed";

export function afterLoss({
  phase,
  code,
  contentComplete,
  decided,
  anyReply,
  blame,
}: LossFacts): LossVerdict {
  if (code === "aborted") return "aborted";
  if (decided) return "decided";
  if (phase === "content" || phase === "chunk") {
    if (blame.chunking && (code === "lost" || code === "timeout")) return "againByData";
    if (blame.dataInstead && code === "timeout" && !contentComplete) return "againByData";
    if (contentComplete) return "unconfirmed";
  } else if (!anyReply && blame.tls) {
    return "againInClear";
  }
  if (code !== "timeout" && code !== "garbage") return "again";
  const inEnvelope = phase === "mail" || phase === "recipient" || phase === "data";
  if (inEnvelope && anyReply && blame.pipelining) return "againOneByOne";
  return contentComplete ? "unconfirmed" : "putOff";
}
