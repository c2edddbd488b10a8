/** Elements of DER (X.690), as far as certificates need them. Lengths that lead out of the octets give no element. */

export interface DerElement {
  /** The identifier octet; forms of more octets do not occur in certificates. */
  readonly tag: number;
  readonly content: Buffer;
  /** With identifier and length. */
  readonly whole: Buffer;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  objectId: 0x06,
  sequence: 0x30,
} as const;
/** `[n]`, with elements in it. */
export const contextTag = (n: number): number => 0xa0 + n;
/** `[n]`, with octets in it. */
export const plainContextTag = (n: number): number => 0x80 + n;

/** The first element; undefined: there is none. */
export function derElement(der: Buffer): DerElement | undefined {
  const [tag, first] = der;
  if (tag === undefined || first === undefined) return undefined;
  let contentAt = 2;
  let length = first;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4 || contentAt + octets > der.length) return undefined;
    length = der.readUIntBE(contentAt, octets);
    contentAt += octets;
  }
  const end = contentAt + length;
  if (end > der.length) return undefined;
  return { tag, content: der.subarray(contentAt, end), whole: der.subarray(0, end) };
}

/** Those that stand one behind the other; undefined where something else stands there. */
export function derElements(der: Buffer): readonly DerElement[] | undefined {
  const elements: DerElement[] = [];
  for (let rest = der; rest.length > 0;) {
    const element = derElement(rest);
    if (element === undefined) return undefined;
    elements.push(element);
    rest = rest.subarray(element.whole.length);
  }
  return elements;
}
