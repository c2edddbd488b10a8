/** A certificate with its chain and its key, as two PEM files hold them: read, and checked to belong together. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { signsRightly } from "../../ports/private-key.ts";

export interface PairFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface KeyPair {
  /** PEM. */
  readonly cert: Buffer;
  readonly key: Buffer;
  /** `rsa`, `ec`, `ed25519` */
  readonly keyKind: string;
  /** DNS names, lower case; where there are none, the common name. */
  readonly names: readonly string[];
  /** In one line. */
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
  /** Milliseconds since the epoch. */
  readonly validTo: number;
}

/**
 * Rejects with words for people: a file that cannot be read, that holds no PEM, a key of another certificate, a damaged one, or
 * one with a passphrase, which nobody is there to give.
 */
export async function readKeyPair({ certificateFile, keyFile }: PairFiles): Promise<KeyPair> {
  const [cert, key] = await Promise.all([readFile(certificateFile), readFile(keyFile)]);
  const { subject, validFrom, validTo, subjectAltName, ...leaf } = certificateIn(cert);
  const keyKind = keyKindOf(key, keyFile);
  if (!leaf.checkKey(key)) throw new Error(`the key in ${keyFile} is not the certificate's`);
  // The certificate knows the public half, which may stand there whole beside a private one that is damaged.
  if (!signsRightly(createPrivateKey(key)))
    throw new Error(`the key in ${keyFile} is damaged: what it signs does not verify`);
  // What OpenSSL does not take, such as keys that are too short, is found now and not in a handshake.
  createSecureContext({ cert, key, minVersion: "TLSv1.2" });
  const names = namesOf(subjectAltName, subject);
  return { cert, key, keyKind, names, subject: oneLine(subject), validFrom, validTo };
}

/** Changes with the files: size, times and which file it is. Rejects where one is not there. */
export async function versionOf(files: readonly PairFiles[]): Promise<string> {
  const paths = files.flatMap(({ certificateFile, keyFile }) => [certificateFile, keyFile]);
  const stats = await Promise.all(paths.map((path) => stat(path)));
  return stats.map(({ mtimeMs, ctimeMs, size, ino }) => `${mtimeMs}/${ctimeMs}/${size}/${ino}`).join(" ");
}

function certificateIn(pem: Buffer) {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw new Error("it holds no certificate in PEM");
  }
  const { subject, validFrom, validTo, subjectAltName } = certificate;
  return {
    subject,
    validFrom: Date.parse(validFrom),
    validTo: Date.parse(validTo),
    subjectAltName: subjectAltName ?? "",
    checkKey: (key: Buffer) => certificate.checkPrivateKey(createPrivateKey(key)),
  };
}

function keyKindOf(pem: Buffer, file: string): string {
  try {
    return createPrivateKey(pem).asymmetricKeyType ?? "unknown";
  } catch (error) {
    const isEncrypted =
      (error as { code?: unknown }).code === "ERR_MISSING_PASSPHRASE" ||
      /ENCRYPTED/.test(pem.toString("latin1"));
    throw new Error(
      isEncrypted
        ? `the key in ${file} has a passphrase, and nobody is asked for it; openssl pkey -in ${file} -out FILE takes it off`
        : `${file} holds no private key in PEM`,
      { cause: error },
    );
  }
}

/** `DNS:a.test, DNS:*.b.test, IP Address:127.0.0.1` */
function namesOf(subjectAltName: string, subject: string): readonly string[] {
  const names = [...subjectAltName.matchAll(/(?:^|, )DNS:([^,"]+)/g)].map(([, name = ""]) =>
    name.toLowerCase(),
  );
  if (subjectAltName !== "") return names;
  const common = /(?:^|\n)CN=(.+)/.exec(subject)?.[1];
  return common === undefined ? [] : [common.toLowerCase()];
}

function oneLine(subject: string): string {
  return subject.replaceAll("\n", ", ");
}
