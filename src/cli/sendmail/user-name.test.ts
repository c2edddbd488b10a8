import { expect, test } from "vitest";
import { parseMailbox } from "../../core/smtp/address.ts";
import { localPartOf } from "./user-name.ts";

test.each([
  ["www-data", "www-data"],
  ["jane.doe", "jane.doe"],
  ["Jane Doe", "Jane_Doe"],
  [String.raw`CONTOSO\jane`, "CONTOSO_jane"],
  ["jane@contoso.com", "jane_contoso.com"],
  ["jörg", "j_rg"],
  [".a..b.", "a.b"],
  ["a\r\nRCPT TO:<b>", "a_RCPT_TO_b_"],
  ["", "unknown"],
])("%j", (account, expected) => {
  expect(localPartOf(account)).toBe(expected);
  expect(parseMailbox(`${expected}@host.test`)?.conforming).toBe(true);
});
