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
 * SP or HTAB go on. `header`: a character for each octet. Cost: one search for each line.
 */
export function fieldTexts(header: string): readonly FieldText[] {
  const fields: FieldText[] = [];
  let at = 0;
  while (at < header.length) {
    const end = fieldEnd(header, at);
    const separator = header.indexOf(":", at);
    if (separator <= at || separator >= end) break;
    const name = header.slice(at, separator).trimEnd();
    const kind = kindOf(name);
    if (kind === undefined) break;
    fields.push({ name, kind, text: header.slice(at, end) });
    at = end + 2;
  }
  return fields;
}

/** Of names that were seen: mail has the same few, and what was looked at once is neither looked at nor made again. */
const kinds = new Map<string, string>();
const mostKinds = 200;
/** Octets; of names that are longer none is kept. */
const mostKept = 40;

/** Undefined: no name. */
function kindOf(name: string): string | undefined {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  // oxlint-disable-next-line no-control-regex
  if (!/^[\x21-\x39\x3b-\x7e]+$/u.test(name)) return undefined;
  const kind = name.toLowerCase();
  if (name.length > mostKept) return kind;
  if (kinds.size >= mostKinds) kinds.clear();
  // Of its own: a part of a text keeps all of it.
  const [ownName, ownKind] = [name, kind].map((text) => Buffer.from(text, "latin1").toString("latin1"));
  kinds.set(ownName!, ownKind!);
  return ownKind;
}

/** The same, as octets too. */
export function headerFields(header: Buffer): readonly HeaderField[] {
  let at = 0;
  return fieldTexts(header.toString("latin1")).map((field) => {
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
