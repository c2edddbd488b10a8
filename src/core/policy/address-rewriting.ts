/**
 * What senders are called on their way out, by Exchange's address rewrite entries. An entry is chosen by the address alone:
 * its own, then its domain, then the nearest domain above it, then `*`. Among entries for the same, one that names the send
 * connector comes first. Pure. Source: New-AddressRewriteEntry.
 */
import type { Mailbox } from "../smtp/address.ts";
import { addressKey, type ToAscii } from "../message/recipient-fields/address-key.ts";
import { isAcceptedDomain, type AcceptedDomain } from "./accepted-domain.ts";

export type InternalAddress = { readonly text: string } & (
  | { readonly kind: "anybody" }
  /** `key`: of `addressKey`. */
  | { readonly kind: "address"; readonly key: string }
  | { readonly kind: "domain"; readonly domain: AcceptedDomain }
);

export type ExternalAddress = { readonly text: string } & (
  | { readonly kind: "address"; readonly address: string }
  /** The local part stays. Lower case, A-labels. */
  | { readonly kind: "domain"; readonly domain: string }
);

export interface AddressRewriteEntry {
  readonly name: string;
  readonly internalAddress: InternalAddress;
  readonly externalAddress: ExternalAddress;
  /** Domains that the entry does not concern. */
  readonly exceptionList: readonly AcceptedDomain[];
  /** Names; empty: all. */
  readonly sendConnectors: readonly string[];
  /** Where the message has no Reply-To it gets one with the author it had. */
  readonly keepReplyTo: boolean;
}

/** A mailbox, or what stands in a header in place of one and cannot be read. */
export type Sender = Pick<Mailbox, "localPart" | "domain"> | undefined;

export interface RewrittenSender {
  readonly address: string;
  readonly keepReplyTo: boolean;
}

/** Undefined: the sender stays what it is. */
export type SenderRewriting = (sender: Sender) => RewrittenSender | undefined;

/** How a connector rewrites senders; undefined: not at all. Cost of a call: look-ups, one for each label of the domain. */
export function senderRewriting(
  entries: readonly AddressRewriteEntry[],
  connector: string,
  toAscii: ToAscii,
): SenderRewriting | undefined {
  const inForce = entriesOf(entries, connector);
  if (inForce.length === 0) return undefined;
  const byKey = new Map<string, AddressRewriteEntry>();
  for (const entry of inForce) {
    const key = placeOf(entry.internalAddress);
    if (!byKey.has(key)) byKey.set(key, entry);
  }
  return (sender) => {
    const own = sender && addressKey(sender, toAscii);
    const domain = own?.slice(own.lastIndexOf("@") + 1);
    for (const place of placesFor(own, domain)) {
      const entry = byKey.get(place);
      if (entry === undefined || (domain !== undefined && isAcceptedDomain(entry.exceptionList, domain)))
        continue;
      const address = externalFor(entry.externalAddress, sender);
      if (address === undefined || isSame(address, own, toAscii)) return undefined;
      return { address, keepReplyTo: entry.keepReplyTo };
    }
    return undefined;
  };
}

/** Two entries for the same addresses at the same send connector. */
export function isRivalOf(one: AddressRewriteEntry, other: AddressRewriteEntry): boolean {
  if (placeOf(one.internalAddress) !== placeOf(other.internalAddress)) return false;
  const [some, others] = [one.sendConnectors, other.sendConnectors];
  if (some.length === 0 || others.length === 0) return some.length === others.length;
  return some.some((name) => isNamed(others, name));
}

function entriesOf(
  entries: readonly AddressRewriteEntry[],
  connector: string,
): readonly AddressRewriteEntry[] {
  const named = entries.filter(({ sendConnectors }) => isNamed(sendConnectors, connector));
  return [...named, ...entries.filter(({ sendConnectors }) => sendConnectors.length === 0)];
}

function isNamed(names: readonly string[], name: string): boolean {
  return names.some((each) => each.toLowerCase() === name.toLowerCase());
}

function placeOf(internal: InternalAddress): string {
  if (internal.kind === "address") return internal.key;
  if (internal.kind === "anybody") return "*";
  return internal.domain.subdomains ? `*.${internal.domain.domain}` : internal.domain.domain;
}

/** The most specific first. */
function* placesFor(own: string | undefined, domain: string | undefined): Generator<string> {
  if (own !== undefined && domain !== undefined) {
    yield own;
    yield domain;
    for (let rest = domain; ; rest = rest.slice(rest.indexOf(".") + 1)) {
      yield `*.${rest}`;
      if (!rest.includes(".")) break;
    }
  }
  yield "*";
}

function externalFor(external: ExternalAddress, sender: Sender): string | undefined {
  if (external.kind === "address") return external.address;
  return sender === undefined ? undefined : `${sender.localPart}@${external.domain}`;
}

function isSame(address: string, own: string | undefined, toAscii: ToAscii): boolean {
  const split = address.lastIndexOf("@");
  const [localPart, domain] = [address.slice(0, split), address.slice(split + 1)];
  return own !== undefined && addressKey({ localPart, domain }, toAscii) === own;
}
