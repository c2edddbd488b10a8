/** Senders a send connector is for: `contoso.com`, `*.contoso.com`, `*`, an address, or `<>`. */
import type { SenderSpace } from "../core/policy/send-restrictions.ts";
import { parseMailbox } from "../core/smtp/address.ts";
import { type Parsed, parsed, quoted, unparsable } from "../core/units/parsed.ts";
import { parseDomain } from "./value-type.ts";

export function parseSenderSpace(input: string): Parsed<SenderSpace> {
  const text = input.trim();
  if (text === "*") return parsed({ kind: "domain", domain: "", subdomains: true });
  if (text === "<>") return parsed({ kind: "nullSender" });
  if (text.includes(";"))
    return unparsable(`${quoted(input)} has a cost, which belongs to addressSpaces; senders have none`);
  const at = text.lastIndexOf("@");
  const subdomains = text.startsWith("*.");
  const domain = parseDomain(at >= 0 ? text.slice(at + 1) : subdomains ? text.slice(2) : text);
  if (at < 0 && domain.ok) return parsed({ kind: "domain", domain: domain.value, subdomains });
  const localPart = text.slice(0, at);
  if (at >= 0 && domain.ok && localPart === "*")
    return unparsable(`${quoted(input)} is not a sender; for everybody there write ${domain.value}`);
  if (at >= 0 && domain.ok && parseMailbox(text) !== undefined)
    return parsed({ kind: "address", address: `${localPart.toLowerCase()}@${domain.value}` });
  return unparsable(
    `${quoted(input)} is not a sender; write contoso.com, "*.contoso.com", "*", invoices@contoso.com or "<>"`,
  );
}
