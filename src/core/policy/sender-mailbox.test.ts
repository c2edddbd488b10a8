import { expect, test } from "vitest";
import { isMailboxPattern, mailboxFor } from "./sender-mailbox.ts";

const mailboxes = {
  "noreply@contoso.test": "relay@contoso.test",
  "*@shop.test": "Shop@contoso.test",
  "<>": "reports@contoso.test",
};

test.each<[sender: string, given: Readonly<Record<string, string>>, mailbox: string | undefined]>([
  ["NoReply@Contoso.test", mailboxes, "relay@contoso.test"],
  ["anybody@shop.test", mailboxes, "Shop@contoso.test"],
  ["anybody@sub.shop.test", mailboxes, "anybody@sub.shop.test"],
  ["Other@contoso.test", mailboxes, "Other@contoso.test"],
  ["other@contoso.test", { ...mailboxes, "*": "all@contoso.test" }, "all@contoso.test"],
  ["", mailboxes, "reports@contoso.test"],
  ["", { "*": "all@contoso.test" }, "all@contoso.test"],
  ["", {}, undefined],
  ["constructor", mailboxes, "constructor"],
  ["__proto__", {}, "__proto__"],
])("%j", (sender, given, mailbox) => {
  expect(mailboxFor(sender, given)).toBe(mailbox);
});

test.each([
  ["a@b.test", true],
  ["*@b.test", true],
  ["*", true],
  ["<>", true],
  ["*b.test", false],
  ["b.test", false],
  ["", false],
])("%j is a pattern: %s", (text, is) => {
  expect(isMailboxPattern(text)).toBe(is);
});
