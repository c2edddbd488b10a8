/** Looking into the header section of a message: where it ends and what a field says. Linear in the octets read. */

const cr = 0x0d;
const lf = 0x0a;

/**
 * Where the header section ends, its last CRLF included and the empty line left out; undefined when these
 * octets end before it does.
 */
export function headerEnd(octets: Buffer): number | undefined {
  if (octets[0] === cr && octets[1] === lf) return 0;
  const end = octets.indexOf("\r\n\r\n", 0, "latin1");
  return end < 0 ? undefined : end + 2;
}

/**
 * The unfolded value of the first field of a name, trimmed; undefined when there is none. Octets above 127 are
 * read as UTF-8, wrong ones as U+FFFD. `name` is lower case.
 */
export function headerField(header: Buffer, name: string): string | undefined {
  let at = 0;
  while (at < header.length) {
    let end = header.indexOf(lf, at);
    if (end < 0) end = header.length;
    if (startsWithName(header, at, name)) {
      let last = end;
      while (header[last + 1] === 0x20 || header[last + 1] === 0x09) {
        const next = header.indexOf(lf, last + 1);
        last = next < 0 ? header.length : next;
      }
      return header
        .subarray(at + name.length + 1, last)
        .toString("utf8")
        .replace(/\r?\n(?=[ \t])/g, "")
        .trim();
    }
    at = end + 1;
  }
  return undefined;
}

function startsWithName(header: Buffer, at: number, name: string): boolean {
  if (header[at + name.length] !== 0x3a) return false;
  for (let i = 0; i < name.length; i++) {
    const octet = header[at + i] ?? 0;
    const lower = octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}
