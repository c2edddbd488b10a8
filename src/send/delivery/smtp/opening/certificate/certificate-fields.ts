/** What node:crypto does not tell of a certificate (RFC 5280 §4.1), octet for octet as it stands there. */
import { contextTag, derElement, derElements, tags, type DerElement } from "./der.ts";

/** The SubjectPublicKeyInfo (TLSA selector 1). `der`: a certificate. Undefined: it is none. */
export function publicKeyInfo(der: Buffer): Buffer | undefined {
  return fieldsOf(der)?.[5]?.whole;
}

/** The value of an extension; `oid`: its object identifier as DER has it, in hex. Undefined: it has none. */
export function extensionOf(der: Buffer, oid: string): Buffer | undefined {
  const wrapped = fieldsOf(der)?.find(({ tag }) => tag === contextTag(3));
  const list = wrapped && derElement(wrapped.content);
  for (const extension of (list && derElements(list.content)) ?? []) {
    const parts = derElements(extension.content) ?? [];
    if (parts[0]?.tag !== tags.objectId || parts[0].content.toString("hex") !== oid) continue;
    return parts.find(({ tag }) => tag === tags.octetString)?.content;
  }
  return undefined;
}

/** Serial number, algorithm, issuer, validity, subject, public key, and what may follow. */
function fieldsOf(der: Buffer): readonly DerElement[] | undefined {
  const certificate = derElement(der);
  const body = certificate && derElement(certificate.content);
  const fields = body && derElements(body.content);
  // [0] version is left out in version 1.
  return fields?.[0]?.tag === contextTag(0) ? fields.slice(1) : fields;
}
