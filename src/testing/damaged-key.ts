/** Private keys that can be read and are wrong: a bit of one of their numbers is another. */
import type { KeyObject } from "node:crypto";

/** In the order of RFC 8017 §A.1.2; before them stands the version. */
const numbers = [
  "modulus",
  "publicExponent",
  "privateExponent",
  "prime1",
  "prime2",
  "exponent1",
  "exponent2",
  "coefficient",
] as const;

/** PEM in the key's older form (PKCS#1, SEC 1). `secret`: of an EC key; the public half beside it stays as it was. */
export function withDamagedNumber(key: KeyObject, number: (typeof numbers)[number] | "secret"): string {
  const [type, label] = number === "secret" ? (["sec1", "EC"] as const) : (["pkcs1", "RSA"] as const);
  const der = key.export({ format: "der", type });
  const wanted = number === "secret" ? 1 : 1 + numbers.indexOf(number);
  let at = contentAt(der, 0);
  for (let n = 0; n < wanted; n++) at = contentAt(der, at) + lengthAt(der, at);
  // Its last octet but one: it stays odd, and as long. An exponent of three octets has none to spare in front.
  const end = contentAt(der, at) + lengthAt(der, at);
  der[end - 2] = (der[end - 2] ?? 0) ^ 0x10;
  const lines = der.toString("base64").match(/.{1,64}/gu) ?? [];
  return [`-----BEGIN ${label} PRIVATE KEY-----`, ...lines, `-----END ${label} PRIVATE KEY-----`, ""].join(
    "\n",
  );
}

/** Of the DER element at `at` (X.690 §8.1.3): its length, and where its content begins. */
function lengthAt(der: Buffer, at: number): number {
  const first = der[at + 1] ?? 0;
  return first < 0x80 ? first : der.readUIntBE(at + 2, first & 0x7f);
}

function contentAt(der: Buffer, at: number): number {
  const first = der[at + 1] ?? 0;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
}
