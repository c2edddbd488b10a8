import { expect, test } from "vitest";
import { tlsFailureOf } from "./tls-failure.ts";

test.each([
  [undefined, "tlsHandshakeFailed", "the client closed the connection in the middle of it"],
  ["ECONNRESET", "tlsHandshakeFailed", "the client closed the connection in the middle of it"],
  ["EPIPE", "tlsHandshakeFailed", "the client closed the connection in the middle of it"],
  ["", "tlsHandshakeFailed", "the handshake failed ()"],
  ["ERR_SSL_VERSION_TOO_LOW", "tlsVersionTooOld", undefined],
  ["ERR_SSL_INAPPROPRIATE_FALLBACK", "tlsVersionTooOld", undefined],
  ["ERR_SSL_NO_SHARED_GROUP", "tlsNoCommonCipher", undefined],
  ["ERR_SSL_UNSUPPORTED_PROTOCOL", "tlsVersionTooOld", undefined],
  ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "tlsVersionTooOld", undefined],
  ["ERR_SSL_NO_SHARED_CIPHER", "tlsNoCommonCipher", undefined],
  ["ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM", "tlsNoCommonCipher", undefined],
  ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "tlsNoCommonCipher", undefined],
  [
    "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
    "tlsCertificateRefused",
    "the client did not accept the certificate (unknown ca)",
  ],
  [
    "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN",
    "tlsCertificateRefused",
    "the client did not accept the certificate (certificate unknown)",
  ],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "tlsHandshakeFailed", "what the client sent behind STARTTLS was not TLS"],
  ["ERR_SSL_UNKNOWN_PROTOCOL", "tlsHandshakeFailed", "what the client sent behind STARTTLS was not TLS"],
  ["ERR_SSL_BAD_DATA", "tlsHandshakeFailed", "the handshake failed (ERR_SSL_BAD_DATA)"],
])("%s is %s", (code, kind, detail) => {
  expect(tlsFailureOf(code)).toEqual(detail === undefined ? { kind } : { kind, detail });
});
