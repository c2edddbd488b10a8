/** A request that is not done: told to the caller, never a fault of the relay. */
import { FileFault } from "../ports/file-fault.ts";
import { SpoolError } from "../spool/spool.ts";
import type { AdminErrorCode, ConfigurationFault, ErrorBody } from "./contract.ts";

export const makeRoom = "make room, then try again";

/**
 * What a handler met that is neither the caller's fault nor a bug: a disk that takes nothing more. Of an action on many
 * messages some may be done by then; to do it again does no harm. Undefined: a fault in the relay.
 */
export function diskRefusal(fault: unknown): AdminRefusal | undefined {
  const isDisk = fault instanceof FileFault || fault instanceof SpoolError;
  if (!isDisk || (fault.code !== "full" && fault.code !== "failed")) return undefined;
  return fault.code === "full"
    ? new AdminRefusal("diskFull", `${fault.message}; ${makeRoom}`)
    : new AdminRefusal("diskFault", `${fault.message}; no mail was lost; put it right, then try again`);
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
