/**
 * RelayIpList and IPSecurity: IIS's lists of addresses as octets. Microsoft documents the dialog and not the octets;
 * this reads the layout that public scripts write, and refuses whatever does not fit it in every number:
 * offsets of the denied addresses, the granted addresses, the denied names and the granted names (each with the highest
 * bit set), flags, the size of what precedes the data; a list is its number of groups, its number of addresses, then
 * for each group family (2), entries, octets of an entry (4), 0, and the offset of its entries: a mask, then addresses.
 */
import { formatAddress } from "../../../core/units/ip-address.ts";
import { formatIpRange, parseIpRange } from "../../../core/units/ip-range.ts";
import { type Parsed, parsed, unparsable } from "../../../core/units/parsed.ts";

export interface IpList {
  readonly granted: readonly string[];
  readonly denied: readonly string[];
}

const highest = 0x8000_0000;

/** `hex` as MetaBase.xml has it. */
export function readIpList(hex: string): Parsed<IpList> {
  const text = hex.replace(/\s+/g, "");
  if (text === "") return parsed({ granted: [], denied: [] });
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) return notRead;
  const octets = Buffer.from(text, "hex");
  try {
    const denied = addressesAt(octets, offsetAt(octets, 0));
    const granted = addressesAt(octets, offsetAt(octets, 4));
    // Lists of names follow the same form; none of them can be a range here.
    const names = [8, 12].map((at) => octets.readUInt32LE(offsetAt(octets, at)));
    return names.every((count) => count === 0) ? parsed({ granted, denied }) : notRead;
  } catch (fault) {
    if (fault instanceof RangeError) return notRead;
    throw fault;
  }
}

const notRead = unparsable("its octets are not of the form that is known");

/** Throws RangeError, as reading behind the end does. */
function offsetAt(octets: Buffer, at: number): number {
  const offset = octets.readUInt32LE(at);
  if (offset < highest) throw new RangeError("no offset");
  return offset - highest;
}

function addressesAt(octets: Buffer, at: number): readonly string[] {
  const groups = octets.readUInt32LE(at);
  const total = octets.readUInt32LE(at + 4);
  if (groups > 32 || total > 100_000) throw new RangeError("too many");
  const addresses: string[] = [];
  for (let group = 0; group < groups; group += 1) {
    const from = at + 8 + group * 20;
    const [family, entries, size] = [0, 4, 8].map((field) => octets.readUInt32LE(from + field));
    if (family !== 2 || size !== 4 || entries === undefined) throw new RangeError("another family");
    const data = offsetAt(octets, from + 16);
    const mask = addressText(octets, data);
    for (let entry = 1; entry < entries; entry += 1) {
      const range = parseIpRange(`${addressText(octets, data + entry * 4)}/${mask}`);
      if (!range.ok) throw new RangeError("no netmask");
      addresses.push(formatIpRange(range.value));
    }
  }
  if (addresses.length !== total) throw new RangeError("another number of addresses");
  return addresses;
}

function addressText(octets: Buffer, at: number): string {
  return formatAddress({ family: 4, value: BigInt(octets.readUInt32BE(at)) });
}
