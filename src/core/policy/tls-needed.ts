import type { SmartHostAuthMechanism, SmtpSendConnector } from "./send-connector.ts";

/**
 * True when mail must not go in clear text: requireTls, a level that verifies certificates, or credentials that
 * need encryption.
 */
export function isTlsNeeded(
  connector: Pick<SmtpSendConnector, "requireTls" | "tlsAuthLevel" | "smartHostAuthMechanism">,
): boolean {
  return (
    connector.requireTls ||
    connector.tlsAuthLevel !== "EncryptionOnly" ||
    needsTls(connector.smartHostAuthMechanism)
  );
}

/** Passwords go in clear text under BasicAuth alone; tokens never do. */
export function needsTls(mechanism: SmartHostAuthMechanism): boolean {
  return mechanism !== "None" && mechanism !== "BasicAuth";
}
