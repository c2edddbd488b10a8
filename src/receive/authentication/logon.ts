/** What becomes of a log-on, whatever it was by. */
import type { RightsOwner } from "../../core/policy/client-rights.ts";

export interface LoggedOn {
  /** As it is called from now on. */
  readonly user: string;
  /** Rights of a group that it is in. */
  readonly group?: RightsOwner | undefined;
}

export interface LogonDenied {
  /** Why, for those who run the relay; never what a password may stand in. */
  readonly denied: string;
  /** The account it was about, where there is one of that name. */
  readonly account?: string | undefined;
  /** Of a token: what the challenge says. */
  readonly scope?: string | undefined;
  readonly openIdConfiguration?: string | undefined;
}

export type LogonOutcome = LoggedOn | LogonDenied;

export function isDenied(outcome: object): outcome is LogonDenied {
  return "denied" in outcome;
}
