/** Breaks octets the way networks, bugs and enemies do. */
type Random = () => number;

const seasoning = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  ".",
  "\r\n.\r\n",
  "\n.\n",
  "<",
  ">",
  "<>",
  "@",
  '"',
  "\\",
  " ",
  "\t",
  ":",
  ";",
  "=",
  "+",
  ",",
  "[",
  "]",
  "(",
  ")",
  "\x80",
  "\xff",
  "\xc3\xa4",
  "\xf0\x9f\x98\x80",
  "\xe2\x80\xa8",
  "\x1b[2J",
  "\x7f",
  "%s%n",
  "../../",
  "EHLO x\r\n",
  "MAIL FROM:<>\r\n",
  "RCPT TO:<a@b>\r\n",
  "DATA\r\n",
  "RSET\r\n",
  "BDAT 5 LAST\r\n",
  "BDAT 99999999999\r\n",
  "QUIT\r\n",
  "AUTH PLAIN ",
  "STARTTLS\r\n",
  "SIZE=-1",
  "4294967296",
  "18446744073709551616",
  "-1",
  "1e309",
].map((text) => Buffer.from(text, "latin1"));

const below = (random: Random, limit: number): number => Math.floor(random() * limit);
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)] as T;

/** One change of `octets`: cut, doubled, moved, flipped, seasoned, or blown up. */
export function mutate(octets: Buffer, random: Random): Buffer {
  const at = below(random, octets.length + 1);
  const length = below(random, Math.min(64, octets.length - at + 1));
  const before = octets.subarray(0, at);
  const part = octets.subarray(at, at + length);
  const after = octets.subarray(at + length);
  switch (below(random, 7)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, part, part, after]);
    case 2: {
      const flipped = Buffer.from(octets);
      if (flipped.length > 0) {
        const index = Math.min(at, flipped.length - 1);
        flipped[index] = (flipped[index] ?? 0) ^ (1 << below(random, 8));
      }
      return flipped;
    }
    case 3:
      return Buffer.concat([before, pick(random, seasoning), after]);
    case 4:
      return Buffer.concat([before, pick(random, seasoning), part, after]);
    case 5:
      return Buffer.concat([before, Buffer.alloc(below(random, 3_000), part.length > 0 ? part : "x"), after]);
    default:
      return Buffer.concat([after, part, before]);
  }
}

/** Cuts `octets` into up to eight pieces. */
export function pieces(octets: Buffer, random: Random): Buffer[] {
  const cuts = Array.from({ length: below(random, 8) }, () => below(random, octets.length + 1)).toSorted(
    (a, b) => a - b,
  );
  const out: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts, octets.length]) {
    if (cut > from) out.push(octets.subarray(from, cut));
    from = cut;
  }
  return out;
}
