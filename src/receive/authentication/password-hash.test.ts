import { expect, test } from "vitest";
import { hashPassword, verifyPassword } from "./password-hash.ts";

test("a password matches its own hash only", async () => {
  const [one, two] = await Promise.all([hashPassword("påss word"), hashPassword("påss word")]);
  expect(one).toMatch(/^\$scrypt\$ln=15,r=8,p=1\$/);
  expect(one).not.toBe(two);
  const checks = [
    verifyPassword("påss word", one),
    verifyPassword("påss word".normalize("NFD"), two),
    verifyPassword("pass word", one),
    verifyPassword("", one),
    verifyPassword("anything", undefined),
    verifyPassword("secret", "secret"),
  ];
  expect(await Promise.all(checks)).toEqual([true, true, false, false, false, false]);
});
