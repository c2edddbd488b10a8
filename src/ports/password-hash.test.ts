import { scryptSync } from "node:crypto";
import { expect, test } from "vitest";
import { formatScryptPhc, parseScryptPhc } from "../core/authentication/scrypt-phc.ts";
import { hashPassword, verifyPassword } from "./password-hash.ts";

/** A hash that costs little to check. */
function cheapHash(plain: string, salt: Buffer): string {
  const hash = scryptSync(plain, salt, 32, { N: 1024, r: 8, p: 1 });
  return formatScryptPhc({ ln: 10, r: 8, p: 1, salt, hash });
}

test("a password matches its own hash only", async () => {
  const one = cheapHash("p\u00e5ss word", Buffer.alloc(16, 1));
  const checks = [
    verifyPassword("p\u00e5ss word", one),
    verifyPassword("p\u00e5ss word".normalize("NFD"), one),
    verifyPassword("pass word", one),
    verifyPassword("", one),
    verifyPassword("p\u00e5ss word", one.replace("ln=10", "ln=11")),
    verifyPassword("secret", "secret"),
  ];
  expect(await Promise.all(checks)).toEqual([true, true, false, false, false, false]);
});

test("a new hash has a salt of its own and the cost it should have", async () => {
  const made = await hashPassword("secret");
  expect(parseScryptPhc(made)).toMatchObject({ ln: 15, r: 8, p: 1 });
  const { salt, hash } = parseScryptPhc(made)!;
  expect([salt.length, hash.length]).toEqual([16, 32]);
  expect(salt).not.toEqual(Buffer.alloc(16));
  expect(await verifyPassword("secret", made)).toBe(true);
});

test("nobody has no password, not even the empty one", async () => {
  expect(await verifyPassword("", undefined)).toBe(false);
});
