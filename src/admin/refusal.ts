/** A request that is not done: told to the caller, never a fault of the relay. */
import { DatabaseFault } from "../ports/database-fault.ts";
import { FileFault } from "../ports/file-fault.ts";
import { SpoolError } from "../spool/spool.ts";
import type { AdminErrorCode, ConfigurationFault, ErrorBody } from "./contract.ts";

export const makeRoom = "make room, then try again";

/**
 * What a handler met that is neither the caller's fault nor a bug: a disk that takes nothing more, or a database of several
 * nodes that does not answer. Of an action on many messages some may be done by then; to do it again does no harm.
 * Undefined: a fault in the relay.
 */
export function storeRefusal(fault: unknown): AdminRefusal | undefined {
  if (fault instanceof DatabaseFault)
    return fault.kind === "refused" ? undefined : databaseAway(fault.message, fault.kind === "lost");
  if (!(fault instanceof FileFault || fault instanceof SpoolError)) return undefined;
  switch (fault.code) {
    case "full":
      return new AdminRefusal("diskFull", `${fault.message}; ${makeRoom}`);
    case "failed":
      return new AdminRefusal(
        "diskFault",
        `${fault.message}; no mail was lost; put it right, then try again`,
      );
    case "away":
    case "undecided":
      return databaseAway(fault.message, fault.code === "undecided");
    case "closed":
    case "damaged":
      return undefined;
  }
}

/** `mayBeDone`: it was sent, and no answer came. */
function databaseAway(reason: string, mayBeDone: boolean): AdminRefusal {
  const then = mayBeDone
    ? "it may be done all the same: look before you try again"
    : "try again when it does";
  return new AdminRefusal("databaseAway", `the database does not answer: ${reason}; ${then}`);
}

export class AdminRefusal extends Error {
  override readonly name = "AdminRefusal";
  readonly code: AdminErrorCode;
  readonly faults: readonly ConfigurationFault[] | undefined;
  readonly retryAfterS: number | undefined;

  constructor(
    code: AdminErrorCode,
    message: string,
    faults?: readonly ConfigurationFault[],
    retryAfterS?: number,
  ) {
    super(message);
    this.code = code;
    this.faults = faults;
    this.retryAfterS = retryAfterS;
  }

  get body(): ErrorBody {
    const { code, message, faults } = this;
    return { error: faults === undefined ? { code, message } : { code, message, faults } };
  }
}

export const statusOf = {
  invalidInput: 400,
  configurationRefused: 422,
  notFound: 404,
  alreadyExists: 409,
  fileChanged: 409,
  fileFault: 500,
  diskFull: 507,
  diskFault: 500,
  stopping: 503,
  databaseAway: 503,
  nodeAway: 502,
  noFile: 409,
  unauthenticated: 401,
  forbidden: 403,
  tooLarge: 413,
  tooManyRequests: 429,
  fault: 500,
} as const satisfies Record<AdminErrorCode, number>;
