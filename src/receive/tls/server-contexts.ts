/** What a connector's handshakes are done with: a context for each set of certificates that names ask for. */
import { readFileSync } from "node:fs";
import { createSecureContext, DEFAULT_CIPHERS, type SecureContext, type TLSSocketOptions } from "node:tls";
import { chooseCertificates } from "../../core/policy/certificate-choice.ts";
import type { TlsVersion } from "../../core/policy/receive-connector.ts";
import type { KeyPair } from "./key-pair.ts";

/** Who shakes hands: by the client's name for the server, once it is known. */
export interface ServerContexts {
  /** For clients that name none, and until they do. */
  readonly byDefault: SecureContext;
  /** Clients are asked for a certificate; they need not have one. */
  readonly asksCertificate?: boolean;
  /** Undefined: `byDefault` is as good. Never throws. */
  named(serverName: string): SecureContext | undefined;
}

export interface HandshakeSettings {
  readonly fqdn: string;
  readonly tlsMinVersion: TlsVersion;
  /** As OpenSSL writes it; undefined: Node's own list, with all that old versions need where they are let in. */
  readonly tlsCipherString: string | undefined;
  /** PEM file of who may issue certificates of clients; undefined: no client is asked for one. */
  readonly tlsClientCaFile?: string | undefined;
}

/** Pairs that are presented together whenever one of them is. */
export interface PresentedPairs {
  readonly pairs: readonly KeyPair[];
}

/**
 * Undefined without certificates. Cost: a context is made when a name first asks for its certificates; a look at all names
 * for each handshake.
 */
export function createServerContexts(
  certificates: readonly PresentedPairs[],
  settings: HandshakeSettings,
): ServerContexts | undefined {
  const choosable = certificates.map(({ pairs }) => ({
    names: pairs.flatMap(({ names }) => names),
    keyKinds: pairs.map(({ keyKind }) => keyKind),
  }));
  const made = new Map<string, SecureContext>();
  const { tlsClientCaFile } = settings;
  const ca = tlsClientCaFile === undefined ? undefined : readFileSync(tlsClientCaFile);
  const contextOf = (serverName: string | undefined): SecureContext | undefined => {
    const chosen = chooseCertificates(choosable, serverName, settings.fqdn);
    if (chosen.length === 0) return undefined;
    const key = chosen.join();
    const found = made.get(key);
    if (found !== undefined) return found;
    const pairs = chosen.flatMap((index) => certificates[index]!.pairs);
    const context = createSecureContext({
      cert: pairs.map(({ cert }) => cert),
      key: pairs.map((pair) => pair.key),
      // A client that is asked for its certificate can come back to a session only where sessions have a name. They are
      // sealed with a key of this context, so that no other connector's, and none of before a change, is taken here.
      ...(ca === undefined ? undefined : { ca, sessionIdContext: "weir" }),
      ...handshakeOptions(settings),
    });
    made.set(key, context);
    return context;
  };
  const byDefault = contextOf(undefined);
  if (byDefault === undefined) return undefined;
  return {
    byDefault,
    asksCertificate: ca !== undefined,
    named(serverName) {
      try {
        return contextOf(serverName);
      } catch {
        // The default serves as well as it can.
        return undefined;
      }
    },
  };
}

/** For the server's side of a socket. */
export function serverTlsOptions(contexts: ServerContexts): TLSSocketOptions {
  return {
    isServer: true,
    secureContext: contexts.byDefault,
    requestCert: contexts.asksCertificate === true,
    // Who has none, or another one, may still send; AUTH EXTERNAL alone needs it.
    rejectUnauthorized: false,
    SNICallback: (serverName, chosen) => chosen(null, contexts.named(serverName)),
  };
}

/** OpenSSL takes the signatures of TLS 1.0 and 1.1 at security level 0 only. Throws for a cipher string it does not know. */
export function handshakeOptions({ tlsMinVersion, tlsCipherString }: Omit<HandshakeSettings, "fqdn">) {
  const isOld = isOldVersion(tlsMinVersion);
  const ciphers = tlsCipherString ?? (isOld ? DEFAULT_CIPHERS : undefined);
  const level = isOld && !/@SECLEVEL=/i.test(ciphers ?? "") ? ":@SECLEVEL=0" : "";
  return {
    minVersion: tlsMinVersion,
    ...(ciphers === undefined ? {} : { ciphers: `${ciphers}${level}` }),
    // Old clients may know finite-field Diffie-Hellman only.
    ...(isOld ? { dhparam: "auto" as const } : {}),
  };
}

/** RFC 8996 says good-bye to these. */
export function isOldVersion(version: string): boolean {
  return version === "TLSv1" || version === "TLSv1.1";
}
