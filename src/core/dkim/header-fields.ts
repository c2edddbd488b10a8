/** The fields of a header: what is signed is what stands there, never what it means. */

export interface FieldText {
  /** As written, without white space in front of the colon. */
  readonly name: string;
  /** `name` in lower case: two fields of the same kind have the same. */
  readonly kind: string;
  /** From the name to the end of its last line, CRLF excluded: a character for each octet. */
  readonly text: string;
}

export interface HeaderField extends FieldText {
  /** What `text` is of; they share the header's memory. */
  readonly octets: Buffer;
}

const carriageReturn = 13;
const space = 32;
const tab = 9;

/**
 * Fields from the top, up to the empty line, the end, or the first line that is none. CRLF line ends; lines that begin with
 * SP or HTAB go on. Cost: one search for each line.
 */
export function fieldTexts(header: Buffer): readonly FieldText[] {
  const whole = header.toString("latin1");
  const fields: FieldText[] = [];
  let at = 0;
  while (at < whole.length) {
    const end = fieldEnd(whole, at);
    const separator = whole.indexOf(":", at);
    if (separator <= at || separator >= end) break;
    const name = whole.slice(at, separator).trimEnd();
    // oxlint-disable-next-line no-control-regex
    if (!/^[\x21-\x39\x3b-\x7e]+$/u.test(name)) break;
    fields.push({ name, kind: name.toLowerCase(), text: whole.slice(at, end) });
    at = end + 2;
  }
  return fields;
}

/** The same, as octets too. */
export function headerFields(header: Buffer): readonly HeaderField[] {
  let at = 0;
  return fieldTexts(header).map((field) => {
    const octets = header.subarray(at, at + field.text.length);
    at += field.text.length + 2;
    return { ...field, octets };
  });
}

/** Where the field's last CRLF begins, or the header ends. */
function fieldEnd(header: string, from: number): number {
  for (let at = from; ;) {
    const feed = header.indexOf("\n", at);
    if (feed === -1) return header.length;
    at = feed + 1;
    if (header.charCodeAt(feed - 1) !== carriageReturn) continue;
    const next = header.charCodeAt(at);
    if (next !== space && next !== tab) return feed - 1;
  }
}
