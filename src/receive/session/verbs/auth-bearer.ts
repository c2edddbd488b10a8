/** XOAUTH2 and OAUTHBEARER (RFC 7628). */
import {
  bearerError,
  parseBearerResponse,
  type BearerMechanism,
} from "../../../core/authentication/bearer-response.ts";
import type { Verdict } from "../../transaction/verdict.ts";
import type { Conversation } from "../conversation.ts";
import { decode, failed, malformed, settle } from "./auth-outcome.ts";

export function bearer(
  session: Conversation,
  mechanism: BearerMechanism,
  response: string,
): Verdict | Promise<Verdict> {
  const text = decode(response);
  const given = text === undefined ? undefined : parseBearerResponse(mechanism, text);
  if (given === undefined) return malformed(mechanism);
  const { services } = session;
  return settle(session, mechanism, services.authenticateToken(given), (denied) => {
    const { scope, openIdConfiguration } = denied;
    // Whatever the client answers, the log-on has failed (RFC 7628 §3.2.3).
    session.expectLine(() => failed(session, mechanism, denied));
    const error = bearerError(mechanism, { scope, openIdConfiguration });
    return { code: 334, text: Buffer.from(error).toString("base64") };
  });
}
