/** Address spaces of Send connectors, `[smtp:]space[;cost]`. Source: Set-SendConnector, AddressSpaces. */
import type { AddressSpace } from "../core/policy/send-connector.ts";
import { type Parsed, parsed, quoted, unparsable } from "../core/units/parsed.ts";
import { parseDomain } from "./value-type.ts";

export function parseAddressSpace(input: string): Parsed<AddressSpace> {
  const [whole = "", costText, ...rest] = input.trim().split(";");
  const cost = costText === undefined ? 1 : Number(costText);
  if (
    rest.length > 0 ||
    (costText !== undefined && !/^\s*\d{1,3}\s*$/.test(costText)) ||
    cost < 1 ||
    cost > 100
  ) {
    return unparsable(`${quoted(input)} has no cost from 1 to 100 behind the semicolon`);
  }
  const type = /^([a-z0-9]+):/i.exec(whole);
  if (type && type[1]?.toLowerCase() !== "smtp") {
    return unparsable(`${quoted(input)} is of type ${quoted(type[1] ?? "")}; only smtp is known`);
  }
  const space = whole.slice(type?.[0].length ?? 0).trim();
  if (space === "*") return parsed({ domain: "", subdomains: true, cost });
  if (space === "--") return unparsable('"--" (all accepted domains) is not supported; name the domains');
  const subdomains = space.startsWith("*.");
  const domain = parseDomain(subdomains ? space.slice(2) : space);
  if (!domain.ok)
    return unparsable(`${quoted(input)} is not an address space; write "*", contoso.com or "*.contoso.com"`);
  return parsed({ domain: domain.value, subdomains, cost });
}
