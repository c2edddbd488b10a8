import { expect, test } from "vitest";
import { nextHopDomainOf } from "./next-hop-domain.ts";

test.each([
  ["Contoso.TEST", "contoso.test"],
  ["contoso.test.", "contoso.test"],
  ["user@contoso.test", "contoso.test"],
  ["MÜNCHEN.example", "xn--mnchen-3ya.example"],
  ["[192.0.2.1]", "[192.0.2.1]"],
])("%s is routed as %s", (given, domain) => expect(nextHopDomainOf(given)).toBe(domain));

test.each([".", "..", "contoso.test..", "a b", "*", "-"])("%j is no domain", (given) =>
  expect(() => nextHopDomainOf(given)).toThrow(/is neither a domain/),
);
