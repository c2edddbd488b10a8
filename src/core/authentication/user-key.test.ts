import { expect, test } from "vitest";
import { userKey } from "./user-key.ts";

test.each([
  ["ERP@contoso.com", "erp@Contoso.com", true],
  ["JÖRG", "jörg", true],
  ["\u212Aarl@contoso.com", "karl@contoso.com", false],
  ["\u212Aarl@contoso.com", "Karl@contoso.com", false],
  ["\u0130rem", "irem", false],
  ["\u0130rem", "i\u0307rem", false],
  ["straße", "strasse", false],
])("%s and %s", (one, other, isSame) => {
  expect(userKey(one) === userKey(other)).toBe(isSame);
});

test.each([
  ["A\u00c4", "a\u00e4"],
  ["\u212A", "\u212A"],
  ["\u0130", "\u0130"],
  ["\x7fA", "\x7fa"],
  ["\u0080A", "\u0080a"],
])("the key of %j is %j", (name, key) => {
  expect(userKey(name)).toBe(key);
});
