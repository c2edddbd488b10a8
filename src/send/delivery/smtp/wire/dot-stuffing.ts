/** Dot stuffing for DATA (RFC 5321 §4.5.2): a dot at the beginning of a line is doubled. */

const dot = 46;
const lineFeed = 10;
const oneDot = Buffer.from(".");

/**
 * Stuffs content that comes in pieces, by slicing: call it for each piece in order, and write what it returns.
 * Cost: one search for line feeds per piece; no copy.
 */
export function createDotStuffer(): (piece: Buffer) => readonly Buffer[] {
  let atLineStart = true;
  return (piece) => {
    if (piece.length === 0) return [];
    const parts: Buffer[] = [];
    let from = 0;
    if (atLineStart && piece[0] === dot) parts.push(oneDot);
    for (
      let found = piece.indexOf("\n.", 0, "latin1");
      found >= 0;
      found = piece.indexOf("\n.", found + 2, "latin1")
    ) {
      parts.push(piece.subarray(from, found + 1), oneDot);
      from = found + 1;
    }
    parts.push(from === 0 ? piece : piece.subarray(from));
    atLineStart = piece[piece.length - 1] === lineFeed;
    return parts;
  };
}
