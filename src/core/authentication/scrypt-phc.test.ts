import { expect, test } from "vitest";
import { formatScryptPhc, parseScryptPhc } from "./scrypt-phc.ts";

const good = "$scrypt$ln=15,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

test("reads back what it prints", () => {
  const hash = parseScryptPhc(good);
  expect(hash).toMatchObject({ ln: 15, r: 8, p: 1 });
  expect(hash?.salt.length).toBe(16);
  expect(hash?.hash.length).toBe(32);
  expect(hash && formatScryptPhc(hash)).toBe(good);
});

test.each([
  "secret",
  "",
  good.replace("ln=15", "ln=5"),
  good.replace("ln=15", "ln=30"),
  good.replace("ln=15,r=8", "ln=20,r=8"),
  good.replace("scrypt", "argon2id"),
  `${good}=`,
  good.slice(0, 40),
])("refuses %s", (text) => {
  expect(parseScryptPhc(text)).toBeUndefined();
});

test.each([
  ["ln=10,r=1,p=1", true],
  ["ln=9,r=1,p=1", false],
  ["ln=20,r=2,p=4", true],
  ["ln=20,r=3,p=1", false],
  ["ln=21,r=1,p=1", false],
  ["ln=15,r=0,p=1", false],
  ["ln=15,r=8,p=0", false],
  ["ln=15,r=8,p=5", false],
  ["ln=15,r=64,p=1", true],
  ["ln=15,r=65,p=1", false],
])("a cost of %s is taken: %s", (cost, taken) => {
  expect(parseScryptPhc(good.replace("ln=15,r=8,p=1", cost)) !== undefined).toBe(taken);
});
