/** Signatures over a message whose body was hashed: one field for each key, ready to stand in front of it. */
import { createHash, sign } from "node:crypto";
import { promisify } from "node:util";
import { canonicalBody, type Canonicalization } from "../core/dkim/canonical-body.ts";
import { canonicalField } from "../core/dkim/canonical-field.ts";
import { headerFields } from "../core/dkim/header-fields.ts";
import { signedFields } from "../core/dkim/signed-fields.ts";
import { unsignedField, withSignature } from "../core/dkim/signature-field.ts";
import type { SigningKey } from "./signing-key.ts";

export interface SigningIdentity {
  readonly domain: string;
  readonly selector: string;
  readonly key: SigningKey;
}

export interface SignatureOptions {
  readonly headerForm: Canonicalization;
  readonly bodyForm: Canonicalization;
  readonly oversign: "default" | "fromOnly" | "none";
  /** How long receivers are to believe it: more than the mail may take. Undefined: no end. Seconds. */
  readonly lifetimeSeconds: number | undefined;
}

/** Hashes a body in the form it is signed in. `digest` is to be called once, behind the last piece; base64. */
export interface BodyHash {
  feed(piece: Buffer): void;
  digest(): string;
}

export function bodyHash(form: Canonicalization): BodyHash {
  const hash = createHash("sha256");
  const body = canonicalBody(form, (octets) => hash.update(octets));
  return {
    feed: (piece) => body.feed(piece),
    digest() {
      body.end();
      return hash.digest("base64");
    },
  };
}

const signInPool = promisify(sign);

/**
 * `header`: as it will be sent, without the empty line. Resolves with the field, CRLF at its end. Rejects with what the key
 * says. Cost: RSA-2048 half a millisecond in the thread pool, which the spool's commits share: at most two at once is the
 * caller's to see to; Ed25519 some 50 µs here.
 */
export async function signMessage(
  header: Buffer,
  hashedBody: string,
  { domain, selector, key }: SigningIdentity,
  { headerForm, bodyForm, oversign, lifetimeSeconds }: SignatureOptions,
  now: Date,
): Promise<string> {
  const { names, fields } = signedFields(headerFields(header), oversign);
  const signedAt = Math.floor(now.getTime() / 1000);
  const unsigned = unsignedField({
    algorithm: key.algorithm,
    headerForm,
    bodyForm,
    domain,
    selector,
    signedAt,
    expiresAt: lifetimeSeconds === undefined ? undefined : signedAt + lifetimeSeconds,
    names,
    bodyHash: hashedBody,
  });
  const own = { name: "DKIM-Signature", octets: Buffer.from(unsigned, "latin1") };
  const lines = [
    ...fields.map((field) => canonicalField(field, headerForm)),
    canonicalField(own, headerForm),
  ];
  const data = Buffer.concat(
    lines.flatMap((line, index) => (index === 0 ? [line] : [Buffer.from("\r\n"), line])),
  );
  return withSignature(unsigned, (await signatureOf(data, key)).toString("base64"));
}

function signatureOf(data: Buffer, { algorithm, key }: SigningKey): Buffer | Promise<Buffer> {
  // RFC 8463 §3: what Ed25519 signs is the hash.
  if (algorithm === "ed25519-sha256") return sign(null, createHash("sha256").update(data).digest(), key);
  return signInPool("sha256", data, key);
}
