import type { SmtpSendConnector } from "./send-connector.ts";

/**
 * True when mail must not go in clear text: requireTls, a level that verifies certificates, or credentials that
 * need encryption.
 */
export function isTlsNeeded(connector: SmtpSendConnector): boolean {
  return (
    connector.requireTls ||
    connector.tlsAuthLevel !== "EncryptionOnly" ||
    connector.smartHostAuthMechanism === "BasicAuthRequireTLS"
  );
}
