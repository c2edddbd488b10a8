/** The recipients of a claim as Graph can be told them: each address once, whoever asked for it. */
import { domainToASCII } from "node:url";
import { addressKey, headerAddress } from "../../core/message/recipient-fields/address-key.ts";
import { type Mailbox, parseMailbox } from "../../core/smtp/address.ts";
import type { Claim } from "../../spool/spool.ts";
import type { RecipientOutcome } from "../delivery/delivery.ts";
import { localVerdict } from "../delivery/smtp/wire/peer-verdict.ts";

export interface Addressee {
  readonly mailbox: Mailbox;
  /** Recipients of the message. */
  readonly indexes: readonly number[];
}

export interface Addressees {
  readonly addressees: readonly Addressee[];
  /** Of those no header field can name. */
  readonly outcomes: readonly RecipientOutcome[];
}

export function addresseesOf({ message, recipients }: Claim): Addressees {
  const byKey = new Map<string, { readonly mailbox: Mailbox; readonly indexes: number[] }>();
  const outcomes: RecipientOutcome[] = [];
  for (const { index } of recipients) {
    const path = message.envelope.recipients[index]?.forwardPath ?? "";
    const mailbox = parseMailbox(path);
    const key = mailbox && addressKey(mailbox, domainToASCII);
    if (mailbox === undefined || key === undefined || headerAddress(mailbox, domainToASCII) === undefined) {
      const text = "553 5.1.3 Microsoft Graph takes only whole addresses with a domain";
      outcomes.push({ kind: "permanent", index, verdict: localVerdict("5.1.3", text) });
      continue;
    }
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { mailbox, indexes: [index] });
    else known.indexes.push(index);
  }
  return { addressees: [...byKey.values()], outcomes };
}

/** In as few parts as may be, none above `most`. */
export function inParts<Item>(items: readonly Item[], most: number): Item[][] {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += most) parts.push(items.slice(at, at + most));
  return parts;
}

/** The two halves of what has two members at least. */
export function halves<Item>(items: readonly Item[]): [Item[], Item[]] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}
