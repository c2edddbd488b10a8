/** The message on standard input, up to its end. */

const lineFeed = "\n";
/** Of what came before, that the line of a dot may have begun in. */
const longestBeginning = 3;

/** `ignoreDots` false: a line of a single dot ends the message, as it does for whoever types one. Cost: one search. */
export async function readInput(
  input: AsyncIterable<Buffer>,
  { ignoreDots }: { readonly ignoreDots: boolean },
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  if (ignoreDots) {
    for await (const piece of input) pieces.push(piece);
    return Buffer.concat(pieces);
  }
  let sizeBytes = 0;
  // The first line begins as any other, behind a line end.
  let before: Buffer = Buffer.from(lineFeed);
  for await (const piece of input) {
    const seen = Buffer.concat([before, piece]);
    const at = dotLine(seen);
    pieces.push(piece);
    // Whoever types it waits for an answer to the dot, and ends nothing.
    if (at >= 0) return Buffer.concat(pieces).subarray(0, Math.max(0, sizeBytes - before.length + at + 1));
    sizeBytes += piece.length;
    before = seen.subarray(-longestBeginning);
  }
  const whole = Buffer.concat(pieces);
  return /(?:^|\n)\.\r?$/.test(whole.toString("latin1", Math.max(0, whole.length - longestBeginning)))
    ? whole.subarray(0, whole.lastIndexOf("."))
    : whole;
}

/** Index of the line end in front of a line of a single dot, or -1. */
function dotLine(octets: Buffer): number {
  const [short, long] = [octets.indexOf("\n.\n"), octets.indexOf("\n.\r\n")];
  return short < 0 ? long : long < 0 ? short : Math.min(short, long);
}
