/** The SubjectPublicKeyInfo of a certificate, octet for octet as it stands there (RFC 5280 §4.1; TLSA selector 1). */

/** `der`: a certificate. Undefined: it is none. */
export function publicKeyInfo(der: Buffer): Buffer | undefined {
  const certificate = elementAt(der, 0);
  const body = certificate && elementAt(der, certificate.contentAt);
  if (body === undefined) return undefined;
  let at = body.contentAt;
  // [0] version is left out in version 1; then serial number, algorithm, issuer, validity, subject.
  const toSkip = der[at] === explicitVersion ? 6 : 5;
  for (let skipped = 0; skipped < toSkip; skipped++) {
    const element = elementAt(der, at);
    if (element === undefined) return undefined;
    at = element.end;
  }
  const info = elementAt(der, at);
  return info === undefined || info.end > body.end ? undefined : der.subarray(at, info.end);
}

const explicitVersion = 0xa0;

/** An element of DER: where its content begins and where it ends. */
function elementAt(
  der: Buffer,
  at: number,
): { readonly contentAt: number; readonly end: number } | undefined {
  const first = der[at + 1];
  if (first === undefined) return undefined;
  let contentAt = at + 2;
  let length = first;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4 || contentAt + octets > der.length) return undefined;
    length = der.readUIntBE(contentAt, octets);
    contentAt += octets;
  }
  const end = contentAt + length;
  return end > der.length ? undefined : { contentAt, end };
}
