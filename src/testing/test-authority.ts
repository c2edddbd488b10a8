/** Authorities for tests: a root, an intermediate, and what they issue; also what no authority would. */
import { X509Certificate, createHash, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import type * as X509 from "@peculiar/x509";

/** It needs the other to be there before it. */
await import("reflect-metadata");
const x509 = await import("@peculiar/x509");
x509.cryptoProvider.set(webcrypto as never);

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMs = 86_400_000;

export interface Issuer {
  readonly certificate: X509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  /** PEM. */
  readonly pem: string;
}

export interface ServerCertificate {
  /** PEM: the certificate, and those that are presented with it. */
  readonly cert: string;
  readonly key: string;
}

export interface Wanted {
  readonly names: readonly string[];
  readonly isExpired?: boolean;
  /** Its first name is the subject's common name, and stands nowhere else. */
  readonly byCommonNameAlone?: boolean;
  /** Signs in the issuer's place, in its name. */
  readonly signedBy?: Issuer;
  readonly with?: readonly Issuer[];
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

/** What an authority may not do: longer chains, and names (NameConstraints as DER). */
export interface AuthorityLimits {
  readonly pathLength?: number;
  readonly nameConstraints?: Buffer;
}

/** `issuer` left out: a root. */
export async function makeAuthority(
  name: string,
  issuer?: Issuer,
  { pathLength, nameConstraints }: AuthorityLimits = {},
): Promise<Issuer> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: createHash("sha256").update(`${name}${Math.random()}`).digest("hex").slice(0, 16),
    subject: `CN=${name}`,
    issuer: issuer === undefined ? `CN=${name}` : issuer.certificate.subject,
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + 90 * dayMs),
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, pathLength, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ...(nameConstraints === undefined ? [] : [new x509.Extension("2.5.29.30", true, nameConstraints)]),
    ],
  });
  return { certificate, keys, pem: certificate.toString("pem") };
}

/** `issuer` undefined: it signs itself. */
export async function issueServerCertificate(
  issuer: Issuer | undefined,
  wanted: Wanted,
): Promise<ServerCertificate> {
  const keys = await newKeys();
  const subject = `CN=${wanted.names[0] ?? "none"}`;
  const { isExpired = false } = wanted;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: createHash("sha256").update(`${subject}${Math.random()}`).digest("hex").slice(0, 16),
    subject,
    issuer: issuer?.certificate.subject ?? subject,
    notBefore: new Date(Date.now() - 100 * dayMs),
    notAfter: new Date(Date.now() + (isExpired ? -dayMs : 90 * dayMs)),
    publicKey: keys.publicKey,
    signingKey: (wanted.signedBy ?? issuer)?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: algorithm,
    extensions:
      wanted.byCommonNameAlone === true
        ? []
        : [
            new x509.SubjectAlternativeNameExtension(
              wanted.names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
            ),
          ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const lines = (key.match(/.{1,64}/g) ?? []).join("\n");
  return {
    cert: [certificate.toString("pem"), ...(wanted.with ?? []).map(({ pem }) => pem)].join("\n"),
    key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
  };
}

/** The data of a TLSA record as a zone file has it: `3 1 1 0b9f…`. `pem`: its first certificate. */
export function tlsaText(usage: number, selector: number, matchingType: number, pem: string): string {
  const certificate = new X509Certificate(pem);
  const selected =
    selector === 0 ? certificate.raw : certificate.publicKey.export({ type: "spki", format: "der" });
  const digest = matchingType === 1 ? "sha256" : "sha512";
  const data = matchingType === 0 ? selected : createHash(digest).update(selected).digest();
  return `${usage} ${selector} ${matchingType} ${data.toString("hex")}`;
}
