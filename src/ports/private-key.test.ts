import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  type RSAPSSKeyPairKeyObjectOptions,
} from "node:crypto";
import { expect, test } from "vitest";
import { withDamagedNumber } from "../testing/damaged-key.ts";
import { signsRightly } from "./private-key.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

/** The types of Node's functions have its salt as text, the functions as a number. */
const pss = (options: object): KeyObject =>
  generateKeyPairSync("rsa-pss", options as RSAPSSKeyPairKeyObjectOptions).privateKey;

test.each<[string, KeyObject]>([
  ["RSA", rsa],
  ["EC", ec],
  ["Ed25519", generateKeyPairSync("ed25519").privateKey],
  ["Ed448", generateKeyPairSync("ed448").privateKey],
  ["RSA for PSS alone", pss({ modulusLength: 1024 })],
  [
    "RSA for PSS with SHA-512",
    pss({
      modulusLength: 2048,
      hashAlgorithm: "sha512",
      mgf1HashAlgorithm: "sha512",
      saltLength: 32,
    }),
  ],
])("%s", (_, key) => {
  expect(signsRightly(key)).toBe(true);
});

test.each([["modulus"], ["publicExponent"]] as const)("an RSA key with a damaged %s", (number) => {
  expect(signsRightly(createPrivateKey(withDamagedNumber(rsa, number)))).toBe(false);
});

// OpenSSL sees that what it made by these does not verify, and takes the exponent.
test.each([["prime1"], ["prime2"], ["exponent1"], ["exponent2"], ["coefficient"]] as const)(
  "an RSA key with a damaged %s signs slowly, and rightly",
  (number) => {
    expect(signsRightly(createPrivateKey(withDamagedNumber(rsa, number)))).toBe(true);
  },
);

test("an RSA key that is damaged twice", () => {
  const once = createPrivateKey(withDamagedNumber(rsa, "privateExponent"));
  expect(signsRightly(once)).toBe(true);
  expect(signsRightly(createPrivateKey(withDamagedNumber(once, "exponent1")))).toBe(false);
});

test("an EC key beside the public half that it had", () => {
  expect(signsRightly(createPrivateKey(withDamagedNumber(ec, "secret")))).toBe(false);
});

test("a key that signs nothing", () => {
  expect(signsRightly(generateKeyPairSync("x25519").privateKey)).toBe(false);
});
