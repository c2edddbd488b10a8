import { expect, test } from "vitest";
import { authorDomain } from "./author-domain.ts";
import { keysFor, type KeyState } from "./choose-keys.ts";

test.each([
  ["app@contoso.com", "contoso.com"],
  ["<app@contoso.com>", "contoso.com"],
  ["App <app@Contoso.com >", "Contoso.com"],
  ['"evil@x.test" <app@contoso.com>', "contoso.com"],
  ['"a \\" <b@x.test>" <app@contoso.com>', "contoso.com"],
  ["App (of me@x.test (and \\) you@y.test)) <app@contoso.com>", "contoso.com"],
  ["evil@x.test <app@contoso.com>", "contoso.com"],
  ['"a@b"@contoso.com', "contoso.com"],
  ["a@contoso.com, b@x.test", "contoso.com"],
  ["Team: a@contoso.com, b@x.test;", "contoso.com"],
  ["app@contoso.com (b@x.test)", "contoso.com"],
  ["<@relay.test:app@contoso.com>", "contoso.com"],
  ["app@bücher.example", "bücher.example"],
  ["Ops :( <ops@contoso.com>", "contoso.com"],
  ['19" Racks <racks@contoso.com> ', "contoso.com"],
  ['"App <evil@x.test> <app@contoso.com>', "contoso.com"],
  ["(a <app@contoso.com>, b@x.test", undefined],
  ["app", undefined],
  ["", undefined],
  ["<>", undefined],
  ['"app@contoso.com', undefined],
])("the author of %j is at %j", (from, domain) => {
  expect(authorDomain(from)).toBe(domain);
});

const key = (domain: string, selector: string, state: KeyState = "active") => ({
  name: `${selector}._domainkey.${domain}`,
  domain,
  selector,
  state,
});
const keys = [
  key("contoso.com", "a"),
  key("contoso.com", "b"),
  key("contoso.com", "next", "published"),
  key("eu.contoso.com", "eu"),
  key("old.contoso.com", "old", "retired"),
];

test.each([
  ["contoso.com", ["a", "b"]],
  ["mail.contoso.com", ["a", "b"]],
  ["eu.contoso.com", ["eu"]],
  ["a.eu.contoso.com", ["eu"]],
  ["old.contoso.com", ["a", "b"]],
  ["notcontoso.com", []],
  ["com", []],
  ["", []],
])("mail of %s is signed with %j", (domain, selectors) => {
  expect(keysFor(keys, domain).map(({ selector }) => selector)).toEqual(selectors);
});
