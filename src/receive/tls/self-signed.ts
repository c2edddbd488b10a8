/** A certificate for opportunistic TLS until the administrator gives a real one (RFC 3207; nobody verifies it). */
import { webcrypto } from "node:crypto";

export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

const validDays = 825;
/** Both are presented: devices of old know RSA only. */
const keyAlgorithms = {
  ECDSA: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  RSA: {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  },
} as const;
export type KeyKind = keyof typeof keyAlgorithms;

/**
 * Makes a key and a self-signed certificate for `hostname`. Loads its library only when called. Cost: for RSA some
 * hundred milliseconds of a pool thread.
 */
export async function makeSelfSigned(hostname: string, now: Date, kind: KeyKind = "ECDSA"): Promise<PemPair> {
  const keyAlgorithm = keyAlgorithms[kind];
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto as never);
  const keys = (await webcrypto.subtle.generateKey(keyAlgorithm, true, ["sign", "verify"])) as never as {
    readonly publicKey: webcrypto.CryptoKey;
    readonly privateKey: webcrypto.CryptoKey;
  };
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [hostname.slice(0, 64)] }],
    notBefore: new Date(now.getTime() - 86_400_000),
    notAfter: new Date(now.getTime() + validDays * 86_400_000),
    signingAlgorithm: keyAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: hostname }]),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return {
    certificate: `${certificate.toString("pem")}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.match(/.{1,64}/g)?.join("\n") ?? ""}\n-----END PRIVATE KEY-----\n`,
  };
}
