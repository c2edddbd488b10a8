import { expect, test } from "vitest";
import { isAcceptedDomain } from "./accepted-domain.ts";

const domains = [
  { domain: "contoso.com", subdomains: false },
  { domain: "fabrikam.com", subdomains: true },
];

test.each([
  ["contoso.com", true],
  ["mail.contoso.com", false],
  ["fabrikam.com", true],
  ["a.b.fabrikam.com", true],
  ["notfabrikam.com", false],
  ["com", false],
])("%s: %s", (domain, accepted) => {
  expect(isAcceptedDomain(domains, domain)).toBe(accepted);
});
