import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { withDamagedNumber } from "../testing/damaged-key.ts";
import { newSigningKey, readSigningKey } from "./signing-key.ts";

test("an RSA key in either form", async () => {
  const pem = await newSigningKey("rsa");
  const pkcs1 = createPrivateKey(pem).export({ format: "pem", type: "pkcs1" });
  const { algorithm, record } = readSigningKey(pem);
  expect(algorithm).toBe("rsa-sha256");
  // 2048 bits: 294 octets of SPKI.
  expect(record).toMatch(/^v=DKIM1; k=rsa; p=[A-Za-z0-9+/]{392}$/u);
  expect(readSigningKey(pkcs1).record).toBe(record);
});

test("Ed25519: the record holds the key itself", async () => {
  const { algorithm, record } = readSigningKey(await newSigningKey("ed25519"));
  expect(algorithm).toBe("ed25519-sha256");
  expect(record).toMatch(/^v=DKIM1; k=ed25519; p=[A-Za-z0-9+/]{43}=$/u);
});

const rsa = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength }).privateKey;
const secretOf = (type: "pkcs8" | "pkcs1"): string =>
  rsa(1024).export({ format: "pem", type, cipher: "aes-256-cbc", passphrase: "right" }).toString();
const secret = secretOf("pkcs8");
/**
 * As one in 256 wrong passphrases: what is decrypted ends as it should, and is no key. Two lines: one may lie within one number of a key
 * in the older form, which is then another number.
 */
const damaged = (pem: string): string => {
  const lines = pem.split("\n");
  return [...lines.slice(0, -6), "A".repeat(64), "A".repeat(64), ...lines.slice(-4)].join("\n");
};
const twiceDamaged = withDamagedNumber(rsa(1024), "privateExponent");
const notItsPassphrase = "the passphrase is not that of the key, or the key is damaged";

test.each([
  ["", undefined, "not a private key"],
  ["-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", undefined, "not a private key"],
  [rsa(512).export({ format: "pem", type: "pkcs8" }), undefined, "an RSA key of 512 bits"],
  [
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "pem", type: "pkcs8" }),
    undefined,
    "a key of kind ec",
  ],
  [secret, undefined, "the key has a passphrase"],
  [secret, "wrong", notItsPassphrase],
  [damaged(secret), "right", notItsPassphrase],
  [damaged(secretOf("pkcs1")), "right", notItsPassphrase],
  [withDamagedNumber(rsa(1024), "modulus"), undefined, "the key is damaged"],
  [withDamagedNumber(createPrivateKey(twiceDamaged), "exponent2"), undefined, "the key is damaged"],
])("refused with words (%#)", (pem, passphrase, words) => {
  expect(() => readSigningKey(pem, passphrase)).toThrow(words);
});

test("a passphrase opens it", () => {
  expect(readSigningKey(secret, "right").algorithm).toBe("rsa-sha256");
});
