/** The fields of a header as octets: what is signed is what stands there, never what it means. */

export interface HeaderField {
  /** As written, without white space in front of the colon. */
  readonly name: string;
  /** From the name to the end of its last line, CRLF excluded. */
  readonly octets: Buffer;
}

const carriageReturn = 13;
const lineFeed = 10;
const space = 32;
const tab = 9;
const colon = 58;

/**
 * Fields from the top, up to the empty line, the end, or the first line that is none. CRLF line ends; lines that begin with
 * SP or HTAB go on. Cost: one search for each line; the fields share the header's memory.
 */
export function headerFields(header: Buffer): readonly HeaderField[] {
  const fields: HeaderField[] = [];
  let at = 0;
  while (at < header.length) {
    const end = fieldEnd(header, at);
    const separator = header.indexOf(colon, at);
    if (separator <= at || separator >= end) break;
    const name = header.toString("latin1", at, separator).trimEnd();
    // oxlint-disable-next-line no-control-regex
    if (!/^[\x21-\x39\x3b-\x7e]+$/u.test(name)) break;
    fields.push({ name, octets: header.subarray(at, end) });
    at = end + 2;
  }
  return fields;
}

/** Where the field's last CRLF begins, or the header ends. */
function fieldEnd(header: Buffer, from: number): number {
  for (let at = from; ;) {
    const feed = header.indexOf(lineFeed, at);
    if (feed === -1) return header.length;
    at = feed + 1;
    if (header[feed - 1] !== carriageReturn) continue;
    const next = header[at];
    if (next !== space && next !== tab) return feed - 1;
  }
}
