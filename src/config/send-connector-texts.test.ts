import { expect, test } from "vitest";
import { parseAddressSpace } from "./address-space.ts";
import { parseSmartHost } from "./smart-host.ts";

test.each([
  ["*", "", true, 1],
  ["contoso.com", "contoso.com", false, 1],
  ["*.Contoso.com;5", "contoso.com", true, 5],
  ["smtp:contoso.com;5", "contoso.com", false, 5],
  ["SMTP:*;100", "", true, 100],
  ["bücher.example", "xn--bcher-kva.example", false, 1],
])("address space %s", (text, domain, subdomains, cost) => {
  expect(parseAddressSpace(text)).toEqual({ ok: true, value: { domain, subdomains, cost } });
});

test.each([
  "",
  "*contoso.com",
  "contoso.com;0",
  "contoso.com;101",
  "contoso.com;x",
  "contoso.com;1;2",
  "x400:a",
  "--",
  "a@b.com",
])("address space %j is refused", (text) => {
  expect(parseAddressSpace(text).ok).toBe(false);
});

test.each([
  ["[127.0.0.1]:2626", "127.0.0.1", 2626],
  ["127.0.0.1:2626", "127.0.0.1", 2626],
  ["[127.0.0.1]", "127.0.0.1", undefined],
  ["smtp.Example:587", "smtp.example", 587],
  ["smtp.example", "smtp.example", undefined],
  ["[2001:DB8::1]:25", "2001:db8::1", 25],
  ["2001:db8::1", "2001:db8::1", undefined],
  ["my_host:25", "my_host", 25],
])("smart host %s", (text, host, port) => {
  expect(parseSmartHost(text)).toEqual({ ok: true, value: { host, port } });
});

test.each([
  "",
  "[smtp.example]:25",
  "a b:25",
  "smtp.example:0",
  "smtp.example:99999",
  "1.2.3:25",
  ":25",
  "[]:25",
])("smart host %j is refused", (text) => {
  expect(parseSmartHost(text).ok).toBe(false);
});
