/**
 * What authorities may not do, though their key has signed: longer chains than they were given, and other names (RFC 5280 §4.2.1.9
 * and §4.2.1.10). Of names those of hosts and addresses are looked at, which are all that mail servers are known by.
 */
import type { X509Certificate } from "node:crypto";
import { extensionOf } from "./certificate-fields.ts";
import { contextTag, derElement, derElements, plainContextTag, tags, type DerElement } from "./der.ts";

const basicConstraints = "551d13";
const nameConstraints = "551d1e";
const alternativeNames = "551d11";
const dnsName = plainContextTag(2);
const ipAddress = plainContextTag(7);

/** In words; undefined: nothing. `chain`: the server's own first, each issued by the next. `name`: what the server is asked for as. */
export function constraintsFault(chain: readonly X509Certificate[], name: string): string | undefined {
  const [leaf, ...authorities] = chain;
  if (leaf === undefined) return undefined;
  const names = [...namesOf(leaf), { tag: dnsName, content: Buffer.from(name) }];
  let between = 0;
  for (const authority of authorities) {
    const longest = pathLength(authority.raw);
    if (longest === "malformed" || (longest !== undefined && between > longest))
      return "an authority of the chain may not have so many below it";
    const constraints = extensionOf(authority.raw, nameConstraints);
    if (constraints !== undefined && !allows(constraints, names))
      return "an authority of the chain may not issue certificates for these names";
    if (authority.subject !== authority.issuer) between++;
  }
  return undefined;
}

/** Authorities between this one and the server's certificate at most; undefined: any number. */
function pathLength(der: Buffer): number | undefined | "malformed" {
  const value = extensionOf(der, basicConstraints);
  const sequence = value && derElement(value);
  const length = sequence && derElements(sequence.content)?.find(({ tag }) => tag === tags.integer);
  if (length === undefined) return undefined;
  const { content } = length;
  if (content.length === 0 || content.length > 4 || (content[0] ?? 0) >= 0x80) return "malformed";
  return content.readUIntBE(0, content.length);
}

type Name = Pick<DerElement, "tag" | "content">;

function namesOf({ raw }: X509Certificate): readonly Name[] {
  const value = extensionOf(raw, alternativeNames);
  const list = value && derElement(value);
  return (list && derElements(list.content)) ?? [];
}

/** What cannot be read allows nothing. */
function allows(constraints: Buffer, names: readonly Name[]): boolean {
  const sequence = derElement(constraints);
  const parts = sequence && derElements(sequence.content);
  if (parts === undefined) return false;
  const permitted = basesOf(parts, contextTag(0));
  const excluded = basesOf(parts, contextTag(1));
  if (permitted === undefined || excluded === undefined) return false;
  return names
    .filter(({ tag }) => tag === dnsName || tag === ipAddress)
    .every((name) => {
      const alike = permitted.filter(({ tag }) => tag === name.tag);
      const isPermitted = alike.length === 0 || alike.some((base) => isWithin(name, base));
      return isPermitted && !excluded.some((base) => base.tag === name.tag && isWithin(name, base));
    });
}

function basesOf(parts: readonly DerElement[], tag: number): readonly DerElement[] | undefined {
  const list = parts.find((part) => part.tag === tag);
  if (list === undefined) return [];
  const bases = (derElements(list.content) ?? []).map(({ content }) => derElement(content));
  return bases.length > 0 && bases.every((base) => base !== undefined) ? bases : undefined;
}

function isWithin(name: Name, base: Name): boolean {
  return name.tag === dnsName
    ? isBelow(name.content.toString("latin1").toLowerCase(), base.content.toString("latin1").toLowerCase())
    : isInNetwork(name.content, base.content);
}

/** The name itself and those below it; an empty one has all below it. With a dot in front, as some write it, those below. */
function isBelow(name: string, base: string): boolean {
  if (base === "") return true;
  return base.startsWith(".") ? name.endsWith(base) : name === base || name.endsWith(`.${base}`);
}

/** `network`: an address and a mask behind it. */
function isInNetwork(address: Buffer, network: Buffer): boolean {
  const { length } = address;
  if (network.length !== 2 * length) return false;
  return address.every((octet, at) => {
    const mask = network[length + at] ?? 0;
    return (octet & mask) === ((network[at] ?? 0) & mask);
  });
}
