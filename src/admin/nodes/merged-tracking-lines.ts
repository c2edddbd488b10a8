/** Tracking logs of several nodes as one: lines oldest first, each log being so by itself. */
const lineFeed = 0x0a;

/** `most`: the newest so many, which are held in memory then. Head lines are those of the first. */
export async function* mergedTrackingLines(
  logs: readonly AsyncIterable<Uint8Array>[],
  most?: number,
): AsyncGenerator<Buffer> {
  const readers = logs.map((log) => linesOf(log));
  const heads = await Promise.all(readers.map((reader) => reader.next()));
  const isHead = (line: Buffer): boolean => line[0] === 0x23;
  for (const [index, reader] of readers.entries()) {
    for (let head = heads[index]; head?.done !== true && head !== undefined && isHead(head.value);) {
      if (index === 0) yield head.value;
      head = heads[index] = await reader.next();
    }
  }
  let newest: Buffer[] = [];
  for (;;) {
    let first = -1;
    for (const [index, head] of heads.entries()) {
      if (head.done === true) continue;
      const earliest = heads[first];
      // The instant stands first in a line, in ISO 8601.
      if (
        earliest === undefined ||
        earliest.done === true ||
        instantOf(head.value) < instantOf(earliest.value)
      )
        first = index;
    }
    const next = heads[first];
    const reader = readers[first];
    if (next === undefined || next.done === true || reader === undefined) break;
    if (most === undefined) yield next.value;
    else {
      newest.push(next.value);
      if (newest.length > 2 * most) newest = newest.slice(-most);
    }
    heads[first] = await reader.next();
  }
  if (most !== undefined) yield* newest.slice(-most);
}

function instantOf(line: Buffer): string {
  return line.toString("latin1", 0, 24);
}

/** With their line ends. */
async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    const octets = Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = octets.indexOf(lineFeed); end >= 0; end = octets.indexOf(lineFeed, start)) {
      yield octets.subarray(start, end + 1);
      start = end + 1;
    }
    rest = octets.subarray(start);
  }
  if (rest.length > 0) yield rest;
  return undefined;
}
