/** How a log-on is refused that comes to nothing, whichever door it is at. */
import type { SpokenKind } from "../../core/refusals/catalogue.ts";
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import type { LogonDenied } from "./logon.ts";

/** In events, in place of a name that no account has. */
const notAnAccount = "(no such account)";

/** `error`, `mechanism`: as Exchange's event 1035 has them. */
export function logonFault(kind: SpokenKind, error: string, mechanism: string): Refused {
  return refused(kind, { fields: { error, mechanism } });
}

/** Who would know does not answer. */
export function logonUnchecked(mechanism: string, fault: unknown): Refused {
  const detail = fault instanceof Error ? fault.message : String(fault);
  return {
    ...logonFault("authenticationTemporary", "TemporaryFailure", mechanism),
    detail: `it could not be checked: ${detail}`,
    confidential: true,
  };
}

/** The answer to a log-on that is denied. */
export interface DeniedLogon {
  readonly refusal: Refused;
  /** Said in place of `refusal`, which is told as well: these were too many (Exchange: MaxLogonFailures). */
  readonly limit: Refused | undefined;
}

/** `failures`: of the connection, with this one. `maxLogonFailures`: 0 is no limit. */
export function logonDenied(
  mechanism: string,
  { denied, account = notAnAccount }: LogonDenied,
  failures: number,
  maxLogonFailures: number,
): DeniedLogon {
  const who = { user: account, about: account };
  return {
    refusal: {
      ...logonFault("authenticationFailed", "LogonDenied", mechanism),
      ...who,
      detail: denied,
      // Which of the reasons it is would tell a stranger which accounts there are.
      confidential: true,
    },
    limit:
      maxLogonFailures === 0 || failures <= maxLogonFailures
        ? undefined
        : refused("tooManyLogonFailures", { configured: maxLogonFailures, seen: failures, ...who }),
  };
}
