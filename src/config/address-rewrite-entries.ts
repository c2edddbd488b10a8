/** Reads the section `addressRewriteEntries`. Source: New-AddressRewriteEntry. */
import { domainToASCII } from "node:url";
import { z } from "zod";
import { addressKey, headerAddress } from "../core/message/recipient-fields/address-key.ts";
import {
  isRivalOf,
  type AddressRewriteEntry,
  type ExternalAddress,
  type InternalAddress,
} from "../core/policy/address-rewriting.ts";
import { parseMailbox } from "../core/smtp/address.ts";
import { type Parsed, parsed, quoted, unparsable } from "../core/units/parsed.ts";
import { parseAcceptedDomain } from "./accepted-domain.ts";
import type { Findings, Path } from "./fault.ts";
import {
  flag,
  line,
  listOf,
  name,
  notASection,
  parseDomain,
  parsedText,
  requiredSetting,
  setting,
} from "./value-type.ts";

export const addressRewriteEntrySchema = z.strictObject(
  {
    name: requiredSetting(name(64), "What it is called."),
    internalAddress: requiredSetting(
      parsedText({ kind: "mail address or domain" }, parseInternalAddress),
      'Senders it is for: an address, `contoso.com` (or `"*@contoso.com"`), `"*.contoso.com"` with its subdomains, or `"*"`, also those that are no address. The most specific entry decides alone.',
    ),
    externalAddress: requiredSetting(
      parsedText({ kind: "mail address or domain" }, parseExternalAddress),
      'What they become: an address, or `contoso.com` (or `"*@contoso.com"`), which keeps the part in front of the @.',
    ),
    exceptionList: setting(
      listOf(parsedText({ kind: "domain" }, parseAcceptedDomain), { kind: "list of domains" }),
      [],
      "Domains it does not concern; not beside an address in internalAddress.",
    ),
    sendConnectors: setting(
      listOf(line(64), { kind: "list of names" }),
      [],
      "Send connectors it holds for; empty: all. An entry that names a connector goes before one for all.",
    ),
    keepReplyTo: setting(
      flag(),
      true,
      "Where From is changed and the message has no Reply-To, it gets one with the author it had.",
    ),
  },
  { error: notASection },
);

/** The rules between entries, and with send connectors. */
export function checkAddressRewriteEntries(
  entries: readonly AddressRewriteEntry[],
  sendConnectors: readonly string[],
  path: Path,
  findings: Findings,
): void {
  const known = new Set(sendConnectors.map((connector) => connector.toLowerCase()));
  for (const [index, entry] of entries.entries()) {
    const at = [...path, index];
    for (const [place, connector] of entry.sendConnectors.entries())
      if (!known.has(connector.trim().toLowerCase()))
        findings.fault([...at, "sendConnectors", place], `there is no send connector ${quoted(connector)}`);
    if (entry.internalAddress.kind === "address" && entry.exceptionList.length > 0)
      findings.fault([...at, "exceptionList"], "means nothing beside an address in internalAddress");
    const rival = entries.slice(0, index).find((earlier) => isRivalOf(earlier, entry));
    if (rival !== undefined)
      findings.fault(
        [...at, "internalAddress"],
        `${quoted(entry.internalAddress.text)} is rewritten by entry ${quoted(rival.name)} already`,
      );
  }
}

function parseInternalAddress(input: string): Parsed<InternalAddress> {
  const text = input.trim();
  if (text === "*") return parsed({ kind: "anybody", text });
  const bare = text.startsWith("*@") ? text.slice(2) : text;
  if (!bare.includes("@")) {
    const domain = parseAcceptedDomain(bare);
    if (domain.ok) return parsed({ kind: "domain", text, domain: domain.value });
  }
  const mailbox = parseMailbox(text);
  const key = mailbox && addressKey(mailbox, domainToASCII);
  return key === undefined || text.includes("*")
    ? unparsable(
        `${quoted(text)} is no address and no domain; write app@contoso.com, contoso.com, "*.contoso.com" or "*"`,
      )
    : parsed({ kind: "address", text, key });
}

function parseExternalAddress(input: string): Parsed<ExternalAddress> {
  const text = input.trim();
  const bare = text.startsWith("*@") ? text.slice(2) : text;
  const domain = parseDomain(bare);
  if (domain.ok) return parsed({ kind: "domain", text, domain: domain.value });
  const mailbox = parseMailbox(text);
  const address = mailbox && headerAddress(mailbox, domainToASCII);
  // oxlint-disable-next-line no-control-regex
  return mailbox?.conforming !== true || address === undefined || /[^\x21-\x7e]|\*/.test(address)
    ? unparsable(
        `${quoted(text)} is no address in ASCII and no domain; write relay@contoso.com, or contoso.com to keep what is in front of the @`,
      )
    : parsed({ kind: "address", text, address });
}
