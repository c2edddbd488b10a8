/** Accepted domains, `contoso.com` or `*.contoso.com`. Source: New-AcceptedDomain, DomainName. */
import type { AcceptedDomain } from "../core/policy/accepted-domain.ts";
import { type Parsed, parsed, quoted, unparsable } from "../core/units/parsed.ts";
import { parseDomain } from "./value-type.ts";

export function parseAcceptedDomain(input: string): Parsed<AcceptedDomain> {
  const text = input.trim();
  if (text === "*") {
    return unparsable(
      "would let everybody relay to everywhere; list your domains, and use anonymousRelay on a connector with narrow remoteIpRanges for the rest",
    );
  }
  const subdomains = text.startsWith("*.");
  const domain = parseDomain(subdomains ? text.slice(2) : text);
  if (!domain.ok) return unparsable(`${quoted(text)} is not a domain; write contoso.com or "*.contoso.com"`);
  return parsed({ domain: domain.value, subdomains });
}
