/** A private key of DKIM, ready to sign: made once, since reading a PEM costs twice what signing does. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { keyRecord } from "../core/dkim/key-record.ts";
import type { SignatureAlgorithm } from "../core/dkim/signature-field.ts";
import { signsRightly } from "../ports/private-key.ts";

export interface SigningKey {
  readonly algorithm: SignatureAlgorithm;
  readonly key: KeyObject;
  /** What DNS is to say at `selector._domainkey.domain`. */
  readonly record: string;
}

/** RFC 8301 §3.2: verifiers need not take shorter ones. */
const leastRsaBits = 1024;

/**
 * PKCS#8 or PKCS#1. Throws an Error with words for the administrator: not a private key, a wrong passphrase, a kind that
 * DKIM does not know, an RSA key of under 1024 bits, one whose signatures do not verify. Cost: a signature.
 */
export function readSigningKey(pem: string | Buffer, passphrase?: string): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    throw new Error(whyUnreadable(error as NodeJS.ErrnoException, pem), { cause: error });
  }
  if (key.asymmetricKeyType === "ed25519") {
    const { x } = createPublicKey(key).export({ format: "jwk" });
    const publicKey = Buffer.from(x ?? "", "base64url").toString("base64");
    return { algorithm: "ed25519-sha256", key, record: keyRecord("ed25519", publicKey) };
  }
  if (key.asymmetricKeyType !== "rsa")
    throw new Error(`a key of kind ${key.asymmetricKeyType ?? "?"}; DKIM knows RSA and Ed25519`);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < leastRsaBits)
    throw new Error(`an RSA key of ${bits} bits; receivers refuse less than ${leastRsaBits}`);
  if (!signsRightly(key)) throw new Error("the key is damaged: what it signs does not verify");
  const publicKey = createPublicKey(key).export({ format: "der", type: "spki" }).toString("base64");
  return { algorithm: "rsa-sha256", key, record: keyRecord("rsa", publicKey) };
}

function whyUnreadable({ code }: NodeJS.ErrnoException, pem: string | Buffer): string {
  // Which of both OpenSSL says depends on the form of the key.
  if (code === "ERR_MISSING_PASSPHRASE" || code === "ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED")
    return "the key has a passphrase, and none is given";
  // Of 256 wrong passphrases one makes octets that end as they should, and are no key either.
  if (isEncrypted.test(String(pem))) return "the passphrase is not that of the key, or the key is damaged";
  return "not a private key in PEM form (PKCS#8 or PKCS#1)";
}

/** PKCS#8 and PKCS#1 (RFC 1421 §4.6.1.1). */
const isEncrypted = /^(?:-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED)/m;

/** A new key as PKCS#8 PEM. RSA: 2048 bits, which is what a TXT record and every receiver take (RFC 8301 §3.2). */
export async function newSigningKey(kind: "rsa" | "ed25519"): Promise<string> {
  const { privateKey } =
    kind === "rsa"
      ? await promisify(generateKeyPair)("rsa", { modulusLength: 2048 })
      : await promisify(generateKeyPair)("ed25519");
  return privateKey.export({ format: "pem", type: "pkcs8" }).toString();
}
