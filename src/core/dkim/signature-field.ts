/** The DKIM-Signature field (RFC 6376 §3.5), folded so that no line is long and its signature fits behind it. */
import type { Canonicalization } from "./canonical-body.ts";

export type SignatureAlgorithm = "rsa-sha256" | "ed25519-sha256";

export interface SignatureTags {
  readonly algorithm: SignatureAlgorithm;
  readonly headerForm: Canonicalization;
  readonly bodyForm: Canonicalization;
  /** A-labels. */
  readonly domain: string;
  readonly selector: string;
  /** Seconds since the Unix epoch. */
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
    `t=${signedAt};`,
    ...(expiresAt === undefined ? [] : [`x=${expiresAt};`]),
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

/** `signature`: base64. Ends in CRLF: ready to stand in front of a message. */
export function withSignature(field: string, signature: string): string {
  const first = signature.slice(0, lineOctets - 3);
  const rest = signature.slice(first.length).match(new RegExp(`.{1,${lineOctets - 1}}`, "gu")) ?? [];
  return `${field}${[first, ...rest].join("\r\n\t")}\r\n`;
}
