import { expect, it } from "vitest";
import { failureWords } from "./failure-words.ts";

const failure = (message: string, more: object = {}): Error => Object.assign(new Error(message), more);

it.each([
  [failure("certificate has expired", { code: "CERT_HAS_EXPIRED" }), "the certificate has expired"],
  [
    failure("self-signed certificate", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
    "the certificate is self-signed, its issuer is not trusted",
  ],
  [
    failure("Hostname/IP does not match", {
      code: "ERR_TLS_CERT_ALTNAME_INVALID",
      reason: "Host: other.test. is not in the cert's altnames: DNS:mx.test",
      cert: { subjectaltname: "DNS:mx.test" },
    }),
    "the certificate is not for other.test (it is for DNS:mx.test)",
  ],
  [
    failure("8004:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../x.c:1:", {
      code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
      reason: "tlsv1 alert protocol version",
    }),
    "no common TLS version (the peer offers none from 1.2 on)",
  ],
  [
    failure("8004:error:0A000999:SSL routines:f:something new:../x.c:1:", {
      code: "ERR_SSL_SOMETHING_NEW",
      reason: "something new",
    }),
    "something new",
  ],
  [failure("8004:error:0A000999:SSL routines:f:something new:../x.c:1:"), "something new"],
  [failure("connect ECONNREFUSED 127.0.0.1:1", { code: "ECONNREFUSED" }), "connection refused"],
  [new AggregateError([failure("a"), failure("x", { code: "EHOSTUNREACH" })]), "a; no route to the host"],
  [failure("plain"), "plain"],
  ["text", "text"],
])("%s in words", (error, expected) => expect(failureWords(error)).toBe(expected));
