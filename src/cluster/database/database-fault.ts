/** What the database says when a call goes wrong, and what that means. */
import { DatabaseFault } from "../../ports/database-fault.ts";

/** Raised by our own functions (schema/). */
export const ownCodes = {
  /** This node was taken for dead. */
  ended: "WR001",
  /** A body is not whole: its chunks were written through a server that is gone. */
  torn: "WR002",
  nameInUse: "WR003",
  noSlot: "WR004",
  /** An answer is not kept: whose turn it is under its key is not known any more. */
  turnLost: "WR005",
} as const;

export function isEnded(error: unknown): boolean {
  return error instanceof DatabaseFault && error.code === ownCodes.ended;
}

/** No space (53100), or the server's memory (53200). */
export function isOutOfRoom(error: unknown): boolean {
  return error instanceof DatabaseFault && (error.code === "53100" || error.code === "53200");
}

/** An answer is not kept, nor its message: another may have answered under that key. */
export function isTurnLost(error: unknown): boolean {
  return error instanceof DatabaseFault && error.code === ownCodes.turnLost;
}

/**
 * One of the values is at fault (22xxx, 23xxx, our own), or too large for an index (54xxx), or a page that one of them
 * stands in is damaged (XXxxx), so that the rest of a group may go through without it. */
export function isOfValue(error: unknown): boolean {
  if (!(error instanceof DatabaseFault) || error.code === undefined) return false;
  return /^(?:2[23]|54|XX)/.test(error.code) || error.code === ownCodes.torn || isTurnLost(error);
}

/** Each has a digit: EPIPE and EPERM are the socket's. */
const sqlState = /^(?=.*\d)[\dA-Z]{5}$/;

/** The session is of no use any more: shut down, no primary, or out of step. */
const endsSession = /^(?:57P|08|25006|25P0)/;

export function faultOf(error: unknown): DatabaseFault {
  if (error instanceof DatabaseFault) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code !== "string" || !sqlState.test(code))
    return new DatabaseFault("lost", message, undefined, { cause: error });
  // A read-only server has done nothing; one that is shut down may have.
  if (code === "25006") return new DatabaseFault("unreachable", message, code, { cause: error });
  const kind = endsSession.test(code) ? "lost" : "refused";
  return new DatabaseFault(kind, message, code, { cause: error });
}
