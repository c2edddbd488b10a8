/** Where a send connector's tokens come from, as the configuration gives it. Instants are milliseconds since 1970. */

/** Entra: `client_credentials` with a secret, or with an assertion that the certificate signs (RFC 7523 §2.2). */
export interface ClientCredentialsGrant {
  readonly kind: "clientCredentials";
  readonly clientId: string;
  readonly credential: ClientSecret | ClientCertificate;
}

export interface ClientSecret {
  readonly kind: "secret";
  readonly clientSecret: string;
  /** As the administrator wrote it down; nothing else tells. */
  readonly expiresAt: number | undefined;
}

export interface ClientCertificate {
  readonly kind: "certificate";
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly privateKey: string;
  /** The certificate's `notAfter`. */
  readonly expiresAt: number;
}

/** Google: a service account's assertion in the name of a user (RFC 7523 §2.1); a token for each mailbox. */
export interface ServiceAccountGrant {
  readonly kind: "serviceAccount";
  readonly clientEmail: string;
  readonly privateKeyId: string;
  /** PEM. */
  readonly privateKey: string;
}

export interface OAuthSettings {
  readonly grant: ClientCredentialsGrant | ServiceAccountGrant;
  readonly tokenEndpoint: string;
  readonly scope: string;
  /** The section as the file gives it, without anything secret: for people. */
  readonly shown: Readonly<Record<string, string>>;
}

/** When what it proves itself with ends; undefined where nobody knows. */
export function credentialExpiry({ grant }: OAuthSettings): number | undefined {
  return grant.kind === "clientCredentials" ? grant.credential.expiresAt : undefined;
}
