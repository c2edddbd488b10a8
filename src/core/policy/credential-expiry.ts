/** What send connectors prove themselves with, and when it ends. Instants are wall-clock milliseconds. */
import { credentialExpiry } from "./oauth-settings.ts";
import type { SendConnectorSettings } from "./send-connector.ts";

export type CredentialKind = "client secret" | "application's certificate" | "TLS client certificate";

export interface CredentialEnd {
  readonly connector: string;
  readonly credential: CredentialKind;
  readonly expiresAt: number;
}

/** Told so long ahead. */
export const credentialWarningMs = 30 * 86_400_000;

/** Of enabled connectors, as far as it is known. Cost: per connector. */
export function credentialEnds(connectors: readonly SendConnectorSettings[]): readonly CredentialEnd[] {
  return connectors.flatMap((connector): CredentialEnd[] => {
    if (!connector.enabled || connector.kind === "drop") return [];
    const { name, oauth } = connector;
    const tlsClient = connector.kind === "graph" ? undefined : connector.tlsClient;
    const ends: CredentialEnd[] = [];
    const expiresAt = oauth && credentialExpiry(oauth);
    if (oauth?.grant.kind === "clientCredentials" && expiresAt !== undefined)
      ends.push({
        connector: name,
        credential: oauth.grant.credential.kind === "secret" ? "client secret" : "application's certificate",
        expiresAt,
      });
    if (tlsClient !== undefined)
      ends.push({
        connector: name,
        credential: "TLS client certificate",
        expiresAt: tlsClient.expiresAt,
      });
    return ends;
  });
}

/** Whole days until then, none below zero. */
export function daysUntil(at: number, now: number): number {
  return Math.max(0, Math.floor((at - now) / 86_400_000));
}
