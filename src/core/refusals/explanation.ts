/** Exchange's exact text, then in parentheses what it was: the sender's own log holds the answer (explainRefusals). */
import type { Reply } from "../smtp/reply.ts";
import { formatExactFigure, formatSizeFigure } from "../units/byte-size.ts";
import type { Refusal } from "./refusal.ts";

/** What a client chose to send must not push the reference out of the line (RFC 5321 §4.5.3.1.5). Characters. */
const maxProblemChars = 180;

/** The text of the reply to a refusal. Cost: string concatenation. */
export function explainedText({ text }: Pick<Reply, "text">, refusal: Refusal): string {
  const { connector = "no connector", source, eventId, reference } = refusal;
  const cause = causeText(refusal);
  const short = cause.length > maxProblemChars ? `${cause.slice(0, maxProblemChars)}...` : cause;
  return `${text} (${connector}: ${short}, source ${source}, event ${eventId}, ref ${reference})`;
}

/** The limit with its value, and what was wrong. */
export function causeText(refusal: Refusal): string {
  const limit = limitText(refusal);
  const { problem } = refusal;
  return limit === "" || problem === "" ? `${limit}${problem}` : `${limit}, ${problem}`;
}

/** Of what only follows from an earlier refusal of the same message: which one that was. */
export function followingText({ text }: Pick<Reply, "text">, earlier: Refusal): string {
  return `${text} (it follows from what was refused before: event ${earlier.eventId}, ref ${earlier.reference})`;
}

/** The limit with its value: `maxInboundConnectionPercentagePerSource 2% = 98`, `maxMessageSize 36 MB`; empty for none. */
export function limitText({
  limit,
  configured,
  allowed,
}: Pick<Refusal, "limit" | "configured" | "allowed">): string {
  if (limit === undefined || configured === undefined) return "";
  if (limit === "maxInboundConnectionPercentagePerSource") return `${limit} ${configured}% = ${allowed}`;
  return `${limit} ${isOfSize(limit) ? formatExactFigure(configured) : configured}`;
}

/** A limit's value, or what was held against it, with its unit. */
export function limitValueText(limit: string, value: number): string {
  return isOfSize(limit) ? formatSizeFigure(value) : `${value}`;
}

function isOfSize(limit: string): boolean {
  return limit === "maxMessageSize" || limit === "maxHeaderSize";
}
