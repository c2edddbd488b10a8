/** What a failed TLS handshake says of the client. Codes: those of OpenSSL, as Node names them. */
import type { SilentKind } from "./catalogue.ts";

export interface TlsFailure {
  readonly kind: SilentKind;
  /** Where the catalogue's words do not do. */
  readonly detail?: string;
}

/** `code` undefined: the client went without a word. */
export function tlsFailureOf(code: string | undefined): TlsFailure {
  if (code === undefined || code === "ECONNRESET" || code === "EPIPE")
    return { kind: "tlsHandshakeFailed", detail: "the client closed the connection in the middle of it" };
  if (/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|ALERT_PROTOCOL_VERSION|INAPPROPRIATE_FALLBACK/.test(code))
    return { kind: "tlsVersionTooOld" };
  if (/NO_SHARED_CIPHER|NO_SUITABLE|NO_SHARED_GROUP|ALERT_HANDSHAKE_FAILURE/.test(code))
    return { kind: "tlsNoCommonCipher" };
  if (/ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)/.test(code)) {
    const alert = /ALERT_(\w+)/.exec(code)?.[1]?.toLowerCase().replaceAll("_", " ") ?? "";
    return { kind: "tlsCertificateRefused", detail: `the client did not accept the certificate (${alert})` };
  }
  if (/WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG/.test(code))
    return { kind: "tlsHandshakeFailed", detail: "what the client sent behind STARTTLS was not TLS" };
  return { kind: "tlsHandshakeFailed", detail: `the handshake failed (${code})` };
}
