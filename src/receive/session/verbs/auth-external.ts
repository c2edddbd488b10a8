/** EXTERNAL (RFC 4422, appendix A): who the client is, the certificate of its TLS handshake says. */
import type { Verdict } from "../../transaction/verdict.ts";
import type { Conversation } from "../conversation.ts";
import { decode, failed, malformed, settle } from "./auth-outcome.ts";

export function external(session: Conversation, response: string): Verdict | Promise<Verdict> {
  const identity = decode(response);
  if (identity === undefined || identity.includes("\0")) return malformed("EXTERNAL");
  const { state, services } = session;
  const certificate = state.tls?.clientCertificate;
  if (certificate === undefined)
    return failed(session, "EXTERNAL", { denied: "the client showed no certificate of tlsClientCaFile" });
  return settle(
    session,
    "EXTERNAL",
    Promise.resolve(services.authenticateCertificate(certificate, identity)),
  );
}
