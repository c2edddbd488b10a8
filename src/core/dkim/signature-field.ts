/** The DKIM-Signature field (RFC 6376 §3.5), folded so that no line is long and its signature fits behind it. */
import type { Canonicalization } from "./canonical-body.ts";
import { canonicalField } from "./canonical-field.ts";

export type SignatureAlgorithm = "rsa-sha256" | "ed25519-sha256";

export interface SignatureTags {
  readonly algorithm: SignatureAlgorithm;
  readonly headerForm: Canonicalization;
  readonly bodyForm: Canonicalization;
  /** A-labels. */
  readonly domain: string;
  readonly selector: string;
  /** Seconds since the Unix epoch; NaN: the field says nothing of time, for nobody knows it. */
  readonly signedAt: number;
  readonly expiresAt: number | undefined;
  readonly names: readonly string[];
  /** Base64. */
  readonly bodyHash: string;
}

/** RFC 5322 §2.1.1 asks for 78. */
const lineOctets = 76;

/**
 * The field up to and with `b=`, without a signature and without a final CRLF: what is signed. `withSignature` completes it;
 * what stands before is then not touched again, so that the simple form holds too.
 */
export function unsignedField(tags: SignatureTags): string {
  const { algorithm, headerForm, bodyForm, domain, selector, signedAt, expiresAt, names, bodyHash } = tags;
  const words = [
    "v=1;",
    `a=${algorithm};`,
    `c=${headerForm}/${bodyForm};`,
    `d=${domain};`,
    `s=${selector};`,
    ...(Number.isNaN(signedAt) ? [] : [`t=${signedAt};`]),
    ...(expiresAt === undefined || Number.isNaN(expiresAt) ? [] : [`x=${expiresAt};`]),
    ...names.map((name, index) => `${index === 0 ? "h=" : ""}${name}${index < names.length - 1 ? ":" : ";"}`),
    `bh=${bodyHash};`,
  ];
  let field = "DKIM-Signature:";
  let line = field.length;
  for (const word of words) {
    // Between names of `h=` there is no space: folded white space is allowed there, and fewer octets go.
    const gap = /^[a-z-]+[:;]$/u.test(word) ? "" : " ";
    if (line + gap.length + word.length > lineOctets) {
      field += `\r\n\t${word}`;
      line = 1 + word.length;
    } else {
      field += `${gap}${word}`;
      line += gap.length + word.length;
    }
  }
  return `${field}\r\n\tb=`;
}

/** A signature field for whatever body: its hash is put in where the parts meet. */
export interface FieldTemplate {
  /** As it stands, without a signature. */
  readonly field: readonly [before: string, behind: string];
  /** As it is signed. */
  readonly canonical: readonly [before: string, behind: string];
}

/** As long as the hash, and nowhere else in a field. */
const anyHash = "*".repeat(44);

/** The fields that a key makes in the same second for headers of the same fields differ in nothing else. */
export function fieldTemplate(tags: Omit<SignatureTags, "bodyHash">): FieldTemplate {
  const text = unsignedField({ ...tags, bodyHash: anyHash });
  const own = { name: "DKIM-Signature", kind: "dkim-signature", text };
  return { field: divided(text), canonical: divided(canonicalField(own, tags.headerForm)) };
}

function divided(text: string): readonly [before: string, behind: string] {
  const at = text.indexOf(anyHash);
  return [text.slice(0, at), text.slice(at + anyHash.length)];
}

/** `signature`: base64. Ends in CRLF: ready to stand in front of a message. */
export function withSignature(field: string, signature: string): string {
  let at = lineOctets - 3;
  let whole = field + signature.slice(0, at);
  for (; at < signature.length; at += lineOctets - 1)
    whole += `\r\n\t${signature.slice(at, at + lineOctets - 1)}`;
  return `${whole}\r\n`;
}
