/** IP addresses as numbers. An IPv4-mapped IPv6 address is its IPv4 address (RFC 4291 §2.5.5.2). */
import ipaddr from "ipaddr.js";

export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/**
 * Reads a textual address, as a socket or a person gives it; a zone (`%eth0`) is dropped. Undefined for
 * anything else, leading zeros, octal and hexadecimal IPv4 included. Costs well under a microsecond for IPv4
 * and IPv4-mapped text.
 */
export function parseAddress(text: string): IpAddress | undefined {
  const v4 = parseV4(text, 0);
  if (v4 >= 0) return { family: 4, value: BigInt(v4) };
  if (text.length > 64 || !text.includes(":")) return undefined;
  if (text.startsWith("::ffff:") || text.startsWith("::FFFF:")) {
    const mapped = parseV4(text, 7);
    if (mapped >= 0) return { family: 4, value: BigInt(mapped) };
  }
  const percent = text.indexOf("%");
  const bare = percent > 0 ? text.slice(0, percent) : text;
  if (bare.includes(".") && parseV4(bare, bare.lastIndexOf(":") + 1) < 0) return undefined;
  if (!ipaddr.IPv6.isValid(bare)) return undefined;
  let value = 0n;
  for (const part of ipaddr.IPv6.parse(bare).parts) value = (value << 16n) | BigInt(part);
  return unmapped({ family: 6, value });
}

/** The IPv4 address at `text[from..]` as a number, or -1. */
function parseV4(text: string, from: number): number {
  if (text.length - from > 15) return -1;
  let value = 0;
  let octet = -1;
  let octets = 0;
  for (let index = from; index <= text.length; index += 1) {
    const code = index === text.length ? 0x2e : text.charCodeAt(index);
    if (code === 0x2e) {
      if (octet < 0 || octets === 4) return -1;
      value = value * 256 + octet;
      octet = -1;
      octets += 1;
    } else {
      if (code < 0x30 || code > 0x39 || octet === 0) return -1;
      octet = (octet < 0 ? 0 : octet * 10) + code - 0x30;
      if (octet > 255) return -1;
    }
  }
  return octets === 4 ? value : -1;
}

function unmapped(address: IpAddress): IpAddress {
  return address.value >> 32n === 0xffffn ? { family: 4, value: address.value & 0xffff_ffffn } : address;
}

/** Canonical text: dotted IPv4, RFC 5952 IPv6. */
export function formatAddress({ family, value }: IpAddress): string {
  if (family === 4) {
    const v4 = Number(value);
    return `${v4 >>> 24}.${(v4 >>> 16) & 255}.${(v4 >>> 8) & 255}.${v4 & 255}`;
  }
  const parts = Array.from({ length: 8 }, (_, index) =>
    Number((value >> BigInt(112 - 16 * index)) & 0xffffn),
  );
  return new ipaddr.IPv6(parts).toRFC5952String();
}
