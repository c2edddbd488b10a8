/** Signatures over a message whose body was hashed: one field for each key, ready to stand in front of it. */
import { createHash, hash, type KeyObject, sign } from "node:crypto";
import { CanonicalBody, type Canonicalization } from "../core/dkim/canonical-body.ts";
import { canonicalField } from "../core/dkim/canonical-field.ts";
import type { FieldText } from "../core/dkim/header-fields.ts";
import { signedFields } from "../core/dkim/signed-fields.ts";
import { fieldTemplate, withSignature, type FieldTemplate } from "../core/dkim/signature-field.ts";
import type { SigningKey } from "./signing-key.ts";
import type { RsaSignatures } from "./signing-threads.ts";

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
  const sum = createHash("sha256");
  const body = new CanonicalBody(form, (octets) => sum.update(octets));
  return {
    feed: (piece) => body.feed(piece),
    digest() {
      body.end();
      return sum.digest("base64");
    },
  };
}

/**
 * `header`: the fields as they will be sent. Resolves with the field, CRLF at its end. Rejects with what the key says. Cost:
 * RSA-2048 a quarter of a millisecond by `rsa`; some 15 µs here. Ed25519 some 50 µs here.
 */
export async function signMessage(
  header: readonly FieldText[],
  hashedBody: string,
  identity: SigningIdentity,
  options: SignatureOptions,
  now: Date,
  rsa: Pick<RsaSignatures, "sign">,
): Promise<string> {
  const { headerForm, oversign } = options;
  const { names, fields } = signedFields(header, oversign);
  const { field, canonical } = templateFor(identity, names, options, Math.floor(now.getTime() / 1000));
  let text = "";
  for (const one of fields) text += `${canonicalField(one, headerForm)}\r\n`;
  text += canonical[0] + hashedBody + canonical[1];
  const { algorithm, key } = identity.key;
  const signature = algorithm === "ed25519-sha256" ? ed25519Of(text, key) : await rsa.sign(text, key);
  return withSignature(field[0] + hashedBody + field[1], signature);
}

interface KnownTemplate {
  readonly of: string;
  readonly template: FieldTemplate;
}

/** The last one of each: mail of one author mostly has the same fields, and much of it a second. */
const known = new WeakMap<SigningIdentity, KnownTemplate>();

function templateFor(
  identity: SigningIdentity,
  names: readonly string[],
  { headerForm, bodyForm, lifetimeSeconds }: SignatureOptions,
  signedAt: number,
): FieldTemplate {
  const of = `${headerForm}/${bodyForm} ${signedAt}+${lifetimeSeconds} ${names.join(":")}`;
  const last = known.get(identity);
  if (last?.of === of) return last.template;
  const {
    domain,
    selector,
    key: { algorithm },
  } = identity;
  const expiresAt = lifetimeSeconds === undefined ? undefined : signedAt + lifetimeSeconds;
  const tags = { algorithm, headerForm, bodyForm, domain, selector, signedAt, expiresAt, names };
  const template = fieldTemplate(tags);
  known.set(identity, { of, template });
  return template;
}

/** RFC 8463 §3: what Ed25519 signs is the hash. */
const ed25519Of = (text: string, key: KeyObject): string =>
  sign(null, hash("sha256", Buffer.from(text, "latin1"), "buffer"), key).toString("base64");
