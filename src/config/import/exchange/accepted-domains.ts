/** Exchange's accepted domains, exported. */
import { quoted } from "../../../core/units/parsed.ts";
import { parseAcceptedDomain } from "../../accepted-domain.ts";
import { type ExportedObject, textOf } from "../exported/exported-value.ts";
import type { Finding, ImportedPart } from "../finding.ts";

/** `known`: those that the configuration has. All stand in one part. */
export function importAcceptedDomains(
  objects: readonly ExportedObject[],
  known: readonly string[],
): ImportedPart {
  const add: string[] = [];
  const findings = objects.map((object): Finding => {
    const { domain, given } = domainOf(object);
    const type = textOf(object.get("domaintype")?.value);
    const found = (outcome: Finding["outcome"], text: string): Finding => ({
      property: given || "(no DomainName)",
      value: type,
      outcome,
      text,
    });
    if (given === "") return found("leftOut", "the export has no DomainName");
    const read = parseAcceptedDomain(domain);
    if (!read.ok) return found("leftOut", read.message);
    if ([...known, ...add].some((other) => other.toLowerCase() === domain.toLowerCase()))
      return found("default", `${quoted(domain)} is there already`);
    add.push(domain);
    return /authoritative/i.test(type) || type === "0"
      ? found(
          "differs",
          `${domain}; no mailboxes are here: mail for it goes on by a send connector, whose next hop knows the recipients`,
        )
      : found("carriedOver", domain);
  });
  return {
    title: "Accepted domains",
    edits: add.length === 0 ? [] : [{ kind: "changeList", section: "acceptedDomains", remove: [], add }],
    findings,
    toDo: [],
  };
}

function domainOf(object: ExportedObject): { readonly domain: string; readonly given: string } {
  const given = textOf(object.get("domainname")?.value) || textOf(object.get("name")?.value);
  const below = textOf(object.get("matchsubdomains")?.value).toLowerCase() === "true";
  return { given, domain: below && !given.startsWith("*") ? `*.${given}` : given };
}
