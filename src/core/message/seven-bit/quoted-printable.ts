/** Quoted-printable (RFC 2045 §6.7), as a stream: octets in, octets out, whatever they are. */

const carriageReturn = 13;
const lineFeed = 10;
const space = 32;
const tab = 9;
const dot = 0x2e;
const equals = 0x3d;
const capitalF = 0x46;
/** A line has 76 characters with the `=` of its soft end. */
const mostBeforeSoftEnd = 75;
const hex = Buffer.from("0123456789ABCDEF");
const from = Buffer.from("From ");
const nothing = Buffer.alloc(0);

/** Gives what can be encoded already; `end` gives the rest. */
export interface TransferEncoder {
  feed(octets: Buffer): Buffer;
  end(): Buffer;
}

/**
 * CRLF stays a line end; a bare CR or LF, controls, octets above 126, `=` and blanks before a line's end are
 * encoded, and so are a dot and `From ` at a line's beginning, which some servers change. Holds back up to 4 octets.
 * Cost: one pass, and a buffer of three times the input.
 */
export function createQuotedPrintableEncoder(): TransferEncoder {
  let column = 0;
  let held = nothing;

  const encode = (octets: Buffer, final: boolean): Buffer => {
    const data = held.length === 0 ? octets : Buffer.concat([held, octets]);
    const { length } = data;
    const out = Buffer.allocUnsafe(length * 3 + Math.ceil((length * 3) / 70) * 3 + 8);
    let to = 0;
    let i = 0;
    while (i < length) {
      const octet = data[i]!;
      const next = data[i + 1];
      if (octet === carriageReturn && next === lineFeed) {
        out[to++] = carriageReturn;
        out[to++] = lineFeed;
        column = 0;
        i += 2;
        continue;
      }
      if (!final && i + lookahead(octet, column) >= length) break;
      const plain =
        octet === space || octet === tab
          ? next !== undefined && !(next === carriageReturn && data[i + 2] === lineFeed)
          : octet > space &&
            octet < 127 &&
            octet !== equals &&
            !(column === 0 && (octet === dot || (octet === capitalF && isFrom(data, i))));
      if (column + (plain ? 1 : 3) > mostBeforeSoftEnd) {
        out[to++] = equals;
        out[to++] = carriageReturn;
        out[to++] = lineFeed;
        column = 0;
        // What begins a line is looked at anew.
        continue;
      }
      if (plain) {
        out[to++] = octet;
        column++;
      } else {
        out[to++] = equals;
        out[to++] = hex[octet >> 4]!;
        out[to++] = hex[octet & 15]!;
        column += 3;
      }
      i++;
    }
    held = i === length ? nothing : Buffer.from(data.subarray(i));
    return out.subarray(0, to);
  };

  return { feed: (octets) => encode(octets, false), end: () => encode(nothing, true) };
}

/** How many octets behind this one decide what becomes of it. */
function lookahead(octet: number, column: number): number {
  if (octet === space || octet === tab) return 2;
  if (octet === carriageReturn) return 1;
  return octet === capitalF && column === 0 ? from.length - 1 : 0;
}

function isFrom(data: Buffer, at: number): boolean {
  return data.length - at >= from.length && data.compare(from, 0, from.length, at, at + from.length) === 0;
}

/** The same for octets that are at hand whole. */
export function quotedPrintable(octets: Buffer): Buffer {
  const encoder = createQuotedPrintableEncoder();
  return Buffer.concat([encoder.feed(octets), encoder.end()]);
}
