/**
 * What went wrong on a connection, in words for people who run mail servers. OpenSSL's and the system's own texts
 * (`error:0A00010B:SSL routines:…`, `connect ECONNREFUSED`) stay out of LastError, events and reports.
 */

/** By the code of a Node error. Sources: OpenSSL's verify results and alerts (RFC 8446 §6.2), errno(3), getaddrinfo(3). */
const words: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the certificate has expired",
  CERT_NOT_YET_VALID: "the certificate is not valid yet",
  CERT_REVOKED: "the certificate was revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed, its issuer is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate's issuer is not trusted (self-signed root)",
  UNABLE_TO_GET_ISSUER_CERT: "the certificate's issuer is not trusted (its certificate is not known)",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate's issuer is not trusted (its certificate is not known)",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "the certificate's issuer is not trusted (the peer sends no intermediate certificate)",
  CERT_UNTRUSTED: "the certificate's issuer is not trusted",
  INVALID_CA: "the certificate's issuer may not issue certificates",
  CERT_SIGNATURE_FAILURE: "the certificate's signature is wrong",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "no common TLS version (the peer offers none from 1.2 on)",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "no common TLS version (the peer offers none from 1.2 on)",
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: "no common TLS version",
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    "no common cipher, or the peer has no usable certificate or asks for one of ours",
  ERR_SSL_NO_SHARED_CIPHER: "no common cipher",
  ERR_SSL_NO_CIPHERS_AVAILABLE: "no common cipher",
  ERR_SSL_WRONG_CIPHER_RETURNED: "no common cipher",
  ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY: "no common cipher that the peer holds secure",
  ERR_SSL_DH_KEY_TOO_SMALL: "the peer's Diffie-Hellman key is too short",
  ERR_SSL_EE_KEY_TOO_SMALL: "the key of the peer's certificate is too short",
  ERR_SSL_CA_MD_TOO_WEAK: "the certificate's signature algorithm is too weak",
  ERR_SSL_WRONG_VERSION_NUMBER: "the peer does not speak TLS here",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the peer does not speak TLS here",
  ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED: "the peer knows only insecure renegotiation",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the peer demands a client certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "the peer demands a client certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "the peer does not accept the client certificate",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the peer does not accept the client certificate",
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: "the peer denies access",
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: "the peer has no certificate for this name",
  ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: "the peer reports a fault of its own",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the peer reset the connection",
  ECONNABORTED: "the connection was broken off",
  EPIPE: "the peer closed the connection",
  ETIMEDOUT: "the peer does not answer",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  EHOSTDOWN: "the host is down",
  EADDRNOTAVAIL: "no local address or port is free",
  EACCES: "the system forbids it",
  EPERM: "the system forbids it (a firewall rule of this machine?)",
  EMFILE: "the process has no file descriptor left",
  ENFILE: "the system has no file descriptor left",
  ENOTFOUND: "the name does not exist",
  ENODATA: "the name has no address",
  EAI_AGAIN: "the name server does not answer",
};

/** One line. Cost: a look-up; only where something failed. */
export function failureWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The error of several addresses tried at once has its texts inside.
  if (error instanceof AggregateError && error.message === "")
    return error.errors.map(failureWords).join("; ");
  const { code, reason, cert } = error as Error & { code?: unknown; reason?: unknown; cert?: unknown };
  if (typeof code !== "string") return withoutOpenSsl(error.message);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return nameMismatch(reason, cert);
  return (
    words[code] ?? (typeof reason === "string" && reason !== "" ? reason : withoutOpenSsl(error.message))
  );
}

/** Node: `Host: a.test. is not in the cert's altnames: DNS:b.test` and the like. */
function nameMismatch(reason: unknown, certificate: unknown): string {
  const wanted = typeof reason === "string" ? /^(?:Host|IP): (\S+?)\.? is not/.exec(reason)?.[1] : undefined;
  const names = (certificate as { subjectaltname?: unknown } | undefined)?.subjectaltname;
  const has = typeof names === "string" && names !== "" ? ` (it is for ${names.slice(0, 200)})` : "";
  return `the certificate is not for ${wanted ?? "the name asked for"}${has}`;
}

/** `8004…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/…` → `wrong version number`. */
function withoutOpenSsl(message: string): string {
  return /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/i.exec(message)?.[1] ?? message.trim();
}
