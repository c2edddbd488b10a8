/** What a session knows: plain data that the verbs read and change. */
import type { Refusal } from "../../core/refusals/refusal.ts";
import type { SessionRights } from "../../core/policy/client-rights.ts";
import { rightsOf } from "../../core/policy/relay-permission.ts";
import { nothingOffered, type Offered } from "../../core/smtp/extensions.ts";
import type { Submitter } from "../transaction/submitter.ts";

export interface SessionState extends Submitter {
  /** The extensions of the last EHLO. */
  offered: Offered;
  /** What refused MAIL, or the last RCPT, since a MAIL was taken: what fails for want of it only follows from it. */
  lastRefusal: Refusal | undefined;
  protocolErrors: number;
  logonFailures: number;
}

/** TLS begins: all that was said before in the clear is forgotten (RFC 3207 §4.2). */
export function forgetClearText(state: SessionState, anonymousLimits: SessionRights): void {
  state.hello = undefined;
  state.offered = nothingOffered;
  state.authenticatedUser = undefined;
  state.rights = rightsOf(state.connector, { authenticated: false });
  state.limits = anonymousLimits;
  state.receivedPrefix = undefined;
  state.transaction = undefined;
  state.lastRefusal = undefined;
}
