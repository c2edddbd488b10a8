/** Rules for the TLS of one receive connector. */
import { createSecureContext } from "node:tls";
import { covers } from "../core/policy/receive-connector.ts";
import { formatEndpoint } from "../core/units/endpoint.ts";
import type { GivenReceiveConnector } from "./receive-connector-schema.ts";

type Name = keyof GivenReceiveConnector;

/** Tells a fault at the first of the settings, unless one of them is faulty by itself. */
export type Rule = (isBroken: boolean, about: readonly [Name, ...Name[]], message: string) => void;

export function checkTls(given: GivenReceiveConnector, rule: Rule): void {
  const [certificates, keys] = [given.tlsCertificateFile ?? [], given.tlsKeyFile ?? []];
  const together = "tlsCertificateFile and tlsKeyFile go together; give both or none";
  rule(certificates.length > 0 && keys.length === 0, ["tlsCertificateFile", "tlsKeyFile"], together);
  rule(keys.length > 0 && certificates.length === 0, ["tlsKeyFile", "tlsCertificateFile"], together);
  rule(
    certificates.length > 0 && keys.length > 0 && certificates.length !== keys.length,
    ["tlsKeyFile", "tlsCertificateFile"],
    `has ${keys.length} files, and tlsCertificateFile ${certificates.length}; each certificate needs its key, in the same place`,
  );
  const implicit = given.implicitTlsBindings ?? [];
  rule(
    implicit.length > 0 && !given.authMechanism.includes("Tls"),
    ["implicitTlsBindings", "authMechanism"],
    "needs Tls in authMechanism",
  );
  const stray = implicit.find((one) => !given.bindings.some((binding) => covers(binding, one)));
  rule(
    stray !== undefined,
    ["implicitTlsBindings", "bindings"],
    `${stray === undefined ? "" : formatEndpoint(stray)} is none of bindings; it has to stand there too`,
  );
  rule(
    given.authMechanism.includes("OAuth") && !given.authMechanism.includes("Tls"),
    ["authMechanism"],
    "OAuth needs Tls beside it; a token in clear text is anybody's",
  );
  rule(
    given.authMechanism.includes("ClientCertificate") &&
      !(given.authMechanism.includes("Tls") && given.tlsClientCaFile !== undefined),
    ["authMechanism", "tlsClientCaFile"],
    "ClientCertificate needs Tls beside it, and tlsClientCaFile",
  );
  const ciphers = given.tlsCipherString;
  rule(
    ciphers !== undefined && !isCipherString(ciphers),
    ["tlsCipherString"],
    `${JSON.stringify(ciphers)} names no cipher that OpenSSL knows here`,
  );
}

function isCipherString(ciphers: string): boolean {
  try {
    createSecureContext({ ciphers });
    return true;
  } catch {
    return false;
  }
}
