/** A request that is not done: told to the caller, never a fault of the relay. */
import type { AdminErrorCode, ConfigurationFault, ErrorBody } from "./contract.ts";

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
  noFile: 409,
  unauthenticated: 401,
  forbidden: 403,
  tooLarge: 413,
  tooManyRequests: 429,
  fault: 500,
} as const satisfies Record<AdminErrorCode, number>;
