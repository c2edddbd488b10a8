/** Addresses as people and programs write them, `Name <a@b>` or `a@b`, and as a header field has them. */
import { encodedWords } from "../encoded-words.ts";
import { headerAddress, type ToAscii } from "../recipient-fields/address-key.ts";
import { readAddressList } from "../recipient-fields/address-list.ts";
import { parseMailbox } from "../../smtp/address.ts";
import { firstWordOctets, isLine } from "./header-field.ts";
import type { NamedMailbox } from "./email.ts";

/** One address, or several with commas between them. Undefined: it cannot be read as such. */
export function readMailboxes(text: string): readonly NamedMailbox[] | undefined {
  const one = readMailbox(text);
  if (one !== undefined) return [one];
  const entries = readAddressList(text);
  const several = entries.map((entry) => (entry.kind === "mailbox" ? readMailbox(entry.text) : undefined));
  return several.length > 0 && several.every((mailbox) => mailbox !== undefined) ? several : undefined;
}

/** The display name may hold what it likes but `<` and `>`: it is written anew. */
export function readMailbox(text: string): NamedMailbox | undefined {
  const trimmed = text.trim();
  const [, before, within] = /^([^<>]*|"(?:[^"\\]|\\.)*"\s*)<([^<>]*)>$/.exec(trimmed) ?? [];
  const mailbox = parseMailbox((within ?? trimmed).trim());
  if (mailbox === undefined) return undefined;
  // Several addresses, the last of them in brackets: no name that hides one.
  if (before !== undefined && !before.startsWith('"') && before.includes("@") && /[,;]/.test(before))
    return undefined;
  return { name: unquoted((before ?? "").trim()), mailbox };
}

function unquoted(name: string): string {
  const [, within] = /^"((?:[^"\\]|\\.)*)"$/.exec(name) ?? [];
  return within === undefined ? name : within.replaceAll(/\\(.)/g, "$1");
}

/** Why it cannot stand in a header field; undefined: it can. */
export function mailboxFault({ name, mailbox }: NamedMailbox, toAscii: ToAscii): string | undefined {
  if (headerAddress(mailbox, toAscii) === undefined) return `${mailbox.domain} is no domain name`;
  if (!isLine(name)) return "its name holds a line end or a NUL";
  return name.length > maxNameChars ? `its name is longer than ${maxNameChars} characters` : undefined;
}

const maxNameChars = 200;
/** RFC 5322 §3.2.3, without the dot. */
const atoms = /^[\w!#$%&'*+\-/=?^`{|}~]+(?: [\w!#$%&'*+\-/=?^`{|}~]+)*$/;

/** Pieces that a header field may be folded between. Throws for one that `mailboxFault` is against. */
export function mailboxPieces({ name, mailbox }: NamedMailbox, toAscii: ToAscii): readonly string[] {
  const address = headerAddress(mailbox, toAscii);
  if (address === undefined) throw new RangeError("an address has no domain for a header");
  if (name === "") return [address];
  return [...phrase(name), `<${address}>`];
}

/** RFC 5322 §3.2.5, RFC 2047 §5. What looks like an encoded word is none, and becomes one. */
function phrase(name: string): readonly string[] {
  if (!/^[\x20-\x7e]*$/.test(name) || name.includes("=?")) return encodedWords(name, firstWordOctets);
  return atoms.test(name) ? name.split(" ") : [`"${name.replaceAll(/["\\]/g, "\\$&")}"`];
}
