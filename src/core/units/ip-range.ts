/**
 * Spans of addresses of one family, both ends included. Spellings (Exchange: RemoteIPRanges): one address,
 * `a-b`, CIDR `a/n`, and for IPv4 a netmask `a/255.255.255.0` or `a(255.255.255.0)`.
 */
import { type IpAddress, formatAddress, parseAddress } from "./ip-address.ts";
import { type Parsed, parsed, quoted, unparsable } from "./parsed.ts";

export { type IpAddress, formatAddress, parseAddress } from "./ip-address.ts";

export interface IpRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  /** As configured. */
  readonly text: string;
}

/** Host bits below a prefix are ignored, as in Exchange: `10.1.2.3/8` is `10.0.0.0/8`. */
export function parseIpRange(input: string): Parsed<IpRange> {
  const text = input.trim();
  if (text.length > 128) return unparsable(`${quoted(text)} is not an IP range`);
  if (text.includes("%")) {
    return unparsable(`${quoted(text)} carries a zone; leave out the % and what follows`);
  }
  const netmask = /^([^()/]+)(?:\/|\()(\d+\.\d+\.\d+\.\d+)\)?$/.exec(text);
  if (netmask) return fromNetmask(text, netmask[1] ?? "", netmask[2] ?? "");
  if (text.includes("/")) return fromPrefix(text);
  const dash = text.indexOf("-");
  const first = parseAddress(dash < 0 ? text : text.slice(0, dash).trim());
  const last = dash < 0 ? first : parseAddress(text.slice(dash + 1).trim());
  if (!first || !last) return unparsable(whatIsWrong(text));
  if (first.family !== last.family) return unparsable(`${quoted(text)} mixes IPv4 and IPv6`);
  if (first.value > last.value) return unparsable(`${quoted(text)} ends before it begins`);
  return parsed({ family: first.family, first: first.value, last: last.value, text });
}

function whatIsWrong(text: string): string {
  return `${quoted(text)} is not an IP range; write it like 192.168.1.75, 192.168.1.0/24, 10.0.0.1-10.0.0.99 or 2001:db8::/32`;
}

function fromPrefix(text: string): Parsed<IpRange> {
  const slash = text.indexOf("/");
  const bits = text.slice(slash + 1).trim();
  const written = text.slice(0, slash).trim();
  const address = parseAddress(written);
  if (!address || !/^\d{1,3}$/.test(bits)) return unparsable(whatIsWrong(text));
  const length = Number(bits);
  if (!written.includes(":")) {
    if (length > 32) return unparsable(`${quoted(text)} has a prefix above 32`);
    return parsed(prefixed(address, 32 - length, text));
  }
  if (length > 128) return unparsable(`${quoted(text)} has a prefix above 128`);
  if (address.family === 6) return parsed(prefixed(address, 128 - length, text));
  if (length >= 96) return parsed(prefixed(address, 128 - length, text));
  // Wider than the IPv4-mapped block: a range of IPv6 after all.
  return parsed(prefixed({ family: 6, value: (0xffffn << 32n) | address.value }, 128 - length, text));
}

function prefixed({ family, value }: IpAddress, hostBits: number, text: string): IpRange {
  const first = (value >> BigInt(hostBits)) << BigInt(hostBits);
  return { family, first, last: first + (1n << BigInt(hostBits)) - 1n, text };
}

function fromNetmask(text: string, network: string, maskText: string): Parsed<IpRange> {
  const address = parseAddress(network.trim());
  const mask = parseAddress(maskText);
  if (address?.family !== 4 || mask?.family !== 4) return unparsable(whatIsWrong(text));
  const hosts = 0xffff_ffffn - mask.value;
  if ((hosts & (hosts + 1n)) !== 0n) return unparsable(`${quoted(text)} has a mask that is not a netmask`);
  const first = address.value & mask.value;
  return parsed({ family: 4, first, last: first + hosts, text });
}

export function contains(range: IpRange, address: IpAddress): boolean {
  return range.family === address.family && address.value >= range.first && address.value <= range.last;
}

/** How many addresses it holds; the smaller range is the more specific one. */
export function rangeSize(range: IpRange): bigint {
  return range.last - range.first + 1n;
}

export type Overlap = "none" | "same" | "inside" | "around" | "partial";

/** How `a` lies to `b`: `inside` when `b` wholly holds `a`, `around` when `a` wholly holds `b`. */
export function overlap(a: IpRange, b: IpRange): Overlap {
  if (a.family !== b.family || a.last < b.first || b.last < a.first) return "none";
  if (a.first === b.first && a.last === b.last) return "same";
  if (a.first >= b.first && a.last <= b.last) return "inside";
  if (a.first <= b.first && a.last >= b.last) return "around";
  return "partial";
}

/** Whether all of `inner` lies in `outer`. */
export function holds(outer: IpRange, inner: IpRange): boolean {
  return ["same", "inside"].includes(overlap(inner, outer));
}

/** The shortest exact spelling: one address, CIDR where it is one, else `a-b`. */
export function formatIpRange(range: IpRange): string {
  const first = formatAddress({ family: range.family, value: range.first });
  const size = rangeSize(range);
  if (size === 1n) return first;
  if ((size & (size - 1n)) === 0n && range.first % size === 0n) {
    const width = range.family === 4 ? 32 : 128;
    return `${first}/${width - (size.toString(2).length - 1)}`;
  }
  return `${first}-${formatAddress({ family: range.family, value: range.last })}`;
}

/** A range known at writing time. Throws on text that is none: a bug, not input. */
export function ipRange(text: string): IpRange {
  const result = parseIpRange(text);
  if (!result.ok) throw new TypeError(result.message);
  return result.value;
}
