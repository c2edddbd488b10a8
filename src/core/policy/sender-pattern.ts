/** Entries of `sendAs`: `erp@contoso.com`, `contoso.com`, `*.contoso.com`, `erp-*@contoso.com`, `<>`, `*`. */
import { unquotedLocalPart } from "../message/recipient-fields/address-key.ts";
import { parseMailbox } from "../smtp/address.ts";
import { type Parsed, parsed, quoted, unparsable } from "../units/parsed.ts";
import type { AcceptedDomain } from "./accepted-domain.ts";

export type SenderPattern =
  | { readonly kind: "anybody"; readonly text: string }
  /** The null reverse-path: reports, and what must not be answered. */
  | { readonly kind: "null"; readonly text: string }
  | {
      readonly kind: "addresses";
      readonly text: string;
      /** What stands between the stars, as `comparable` has it; one piece: no star. */
      readonly localPart: readonly string[];
      /** Compared as accepted domains are: `*.contoso.com` is contoso.com and what is below it. */
      readonly domain: AcceptedDomain;
    };

/** The form local parts are compared in: without needless quotes, NFC, lower case, as no mailbox here tells them apart. */
export function comparable(localPart: string): string {
  return unquotedLocalPart(localPart).normalize("NFC").toLowerCase();
}

/** `parseDomain`: as for accepted domains. */
export function parseSenderPattern(
  input: string,
  parseDomain: (text: string) => Parsed<AcceptedDomain>,
): Parsed<SenderPattern> {
  const text = input.trim();
  if (text === "*" || text === "*@*") return parsed({ kind: "anybody", text });
  if (text === "<>") return parsed({ kind: "null", text });
  const at = text.lastIndexOf("@");
  const written = at < 0 ? "*" : text.slice(0, at);
  // An empty one (@contoso.com) means all of the domain. Stars are atext, so the rest is a local part, too.
  const local = written === "" ? "*" : written;
  const domain = parseDomain(at < 0 ? text : text.slice(at + 1));
  if (!domain.ok || parseMailbox(`${local}@example.com`) === undefined)
    return unparsable(
      `${quoted(text)} is no sender; write erp@contoso.com, contoso.com, "*.contoso.com", "erp-*@contoso.com", "<>" or "*"`,
    );
  return parsed({ kind: "addresses", text, localPart: comparable(local).split("*"), domain: domain.value });
}
