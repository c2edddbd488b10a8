import { expect, test } from "vitest";
import { answeredName, queryName } from "./domain-name.ts";

const long = "a".repeat(63);

test.each([
  ["contoso.com", "contoso.com"],
  ["Contoso.COM.", "contoso.com"],
  ["_25._tcp.mx.contoso.com", "_25._tcp.mx.contoso.com"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["例え.テスト", "xn--r8jz45g.xn--zckzah"],
  ["localhost", "localhost"],
  [`${long}.test`, `${long}.test`],
  ["", undefined],
  [".", undefined],
  ["a..test", undefined],
  [".a.test", undefined],
  ["a b.test", undefined],
  ["a\0.test", undefined],
  ["a\r\n.test", undefined],
  ["10.0.0.1/24", undefined],
  ["[10.0.0.1]", undefined],
  [`${long}a.test`, undefined],
  [`${long}.${long}.${long}.${long}`, undefined],
])("%j is asked for as %j", (name, asked) => {
  expect(queryName(name)).toBe(asked);
});

test.each([
  ["MX.Contoso.com.", "mx.contoso.com"],
  [".", ""],
])("%j is compared as %j", (name, compared) => {
  expect(answeredName(name)).toBe(compared);
});
