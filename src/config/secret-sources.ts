/** Secrets and certificates that a configuration names: found, and checked, so that a fault is told with its path. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { signsRightly } from "../ports/private-key.ts";
import type { Findings, Path } from "./fault.ts";
import { whyNoText } from "./text-encoding.ts";

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a file named in the configuration. Throws when it cannot be read. */
  readonly readText: (file: string) => string;
}

/** Undefined, with a fault told, when it is not set. */
export function secretOfEnv(
  variable: string,
  path: Path,
  from: SecretSources,
  findings: Findings,
): string | undefined {
  const value = from.env[variable];
  if (value !== undefined && value !== "") return value;
  findings.fault(path, `the environment variable ${variable} is not set`);
  return undefined;
}

/** The first line of a file. */
export function secretOfFile(
  file: string,
  path: Path,
  from: SecretSources,
  findings: Findings,
): string | undefined {
  const text = textOf(file, path, from, findings);
  if (text === undefined) return undefined;
  const noText = whyNoText(text);
  if (noText !== undefined) {
    findings.fault(path, `the file ${noText}`);
    return undefined;
  }
  const [first = ""] = text.replace(/^\uFEFF/, "").split(/\r?\n/, 1);
  if (first !== "") return first;
  findings.fault(path, "the file's first line is empty");
  return undefined;
}

export function textOf(
  file: string,
  path: Path,
  from: SecretSources,
  findings: Findings,
): string | undefined {
  try {
    return from.readText(file);
  } catch (error) {
    findings.fault(path, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM file, each in PEM. */
export function certificatesOf(
  file: string,
  path: Path,
  from: SecretSources,
  findings: Findings,
): readonly string[] | undefined {
  const text = textOf(file, path, from, findings);
  if (text === undefined) return undefined;
  const blocks = text.match(certificateBlock) ?? [];
  if (blocks.length > 0 && blocks.every((block) => parsedCertificate(block) !== undefined)) return blocks;
  findings.fault(path, "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  return undefined;
}

export interface KeyPair {
  /** PEM, the chain included. */
  readonly certificate: string;
  /** PEM. */
  readonly privateKey: string;
  /** Milliseconds. */
  readonly expiresAt: number;
  /** `rsa`, `ec`, … */
  readonly keyType: string | undefined;
}

/** A certificate and its key that fit each other. `names`: of the two settings. */
export function keyPairOf(
  given: { readonly certificateFile: string | undefined; readonly keyFile: string | undefined },
  names: readonly [certificate: string, key: string],
  path: Path,
  from: SecretSources,
  findings: Findings,
): KeyPair | undefined {
  const { certificateFile, keyFile } = given;
  if (certificateFile === undefined || keyFile === undefined) {
    if (certificateFile !== keyFile)
      findings.fault(
        [...path, certificateFile === undefined ? names[1] : names[0]],
        `${names[0]} and ${names[1]} go together; give both or none`,
      );
    return undefined;
  }
  const chain = certificatesOf(certificateFile, [...path, names[0]], from, findings);
  const privateKey = textOf(keyFile, [...path, names[1]], from, findings);
  const key = privateKey === undefined ? undefined : parsedKey(privateKey);
  if (privateKey !== undefined && key === undefined)
    findings.fault([...path, names[1]], "holds no private key in PEM form without a passphrase");
  const leaf = chain === undefined ? undefined : parsedCertificate(chain[0] ?? "");
  if (chain === undefined || leaf === undefined || privateKey === undefined || key === undefined)
    return undefined;
  if (!leaf.checkPrivateKey(key)) {
    findings.fault([...path, names[1]], `is not the key of ${names[0]}`);
    return undefined;
  }
  if (!signsRightly(key)) {
    findings.fault([...path, names[1]], "is damaged: what it signs does not verify");
    return undefined;
  }
  return {
    certificate: chain.join("\n"),
    privateKey,
    expiresAt: Date.parse(leaf.validTo),
    keyType: key.asymmetricKeyType,
  };
}

export function parsedKey(pem: string): ReturnType<typeof createPrivateKey> | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function parsedCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
