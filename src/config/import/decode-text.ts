/** From a file's octets to its text, in the encodings that PowerShell, editors and Unix write. */
import { type Parsed, parsed, unparsable } from "../../core/units/parsed.ts";

const looked = 4096;

/**
 * UTF-8 and UTF-16 with or without a byte order mark (PowerShell 5 writes UTF-16 with `>` and `Out-File`), else
 * Windows-1252. Refuses what is no text. Cost: one pass over the octets.
 */
export function decodeText(octets: Uint8Array): Parsed<string> {
  const binary = binaryKind(octets);
  if (binary !== undefined) return unparsable(`is ${binary}, not text`);
  const text = new TextDecoder(encodingOf(octets)).decode(octets);
  if (text.includes("\0")) return unparsable("is a binary file, not text");
  return parsed(text);
}

function binaryKind(octets: Uint8Array): string | undefined {
  const starts = (...magic: readonly number[]): boolean => magic.every((octet, at) => octets[at] === octet);
  if (starts(0x50, 0x4b, 0x03, 0x04)) return "an Excel workbook or another zip archive";
  if (starts(0xd0, 0xcf, 0x11, 0xe0)) return "an old Office document";
  if (starts(0x1f, 0x8b)) return "a gzip archive";
  if (starts(0xff, 0xfe, 0x00, 0x00)) return "UTF-32";
  return undefined;
}

function encodingOf(octets: Uint8Array): string {
  if (octets[0] === 0xff && octets[1] === 0xfe) return "utf-16le";
  if (octets[0] === 0xfe && octets[1] === 0xff) return "utf-16be";
  const start = octets.subarray(0, looked);
  // Without a mark: in UTF-16 every other octet of ASCII text is 0.
  const zerosAt = (parity: 0 | 1): number =>
    start.filter((octet, at) => octet === 0 && at % 2 === parity).length;
  const even = zerosAt(0);
  const odd = zerosAt(1);
  if (odd > start.length / 4 && even === 0) return "utf-16le";
  if (even > start.length / 4 && odd === 0) return "utf-16be";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(octets);
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}
