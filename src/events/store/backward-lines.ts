/** Lines of a file, the last one first, read in blocks from its end: memory does not grow with the file. */
import { open } from "node:fs/promises";

const blockBytes = 64 * 1024;
/** No entry is that long; what is, is damage and is left out. */
const maxLineBytes = 1024 * 1024;
const lineFeed = 0x0a;
const nothing = Buffer.alloc(0);

/**
 * Yields the lines of one block at a time, newest first, without their ends. What stands behind the last line end
 * is half a line and left out. A file that is gone has no lines; other faults reject.
 */
export async function* backwardLines(path: string): AsyncGenerator<readonly string[]> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (handle === undefined) return;
  try {
    let end = (await handle.stat()).size;
    /** The end of a line whose beginning is in an earlier block; undefined behind the last line end. */
    let tail: Buffer | undefined;
    while (end > 0) {
      const start = Math.max(0, end - blockBytes);
      const block = Buffer.allocUnsafe(end - start);
      const { bytesRead } = await handle.read(block, 0, block.length, start);
      if (bytesRead < block.length) return;
      const lines: string[] = [];
      let lineEnd = block.length;
      for (
        let at = block.lastIndexOf(lineFeed);
        at >= 0;
        at = at === 0 ? -1 : block.lastIndexOf(lineFeed, at - 1)
      ) {
        if (tail !== undefined) pushLine(lines, block.subarray(at + 1, lineEnd), tail);
        tail = nothing;
        lineEnd = at;
      }
      if (tail !== undefined) {
        tail = Buffer.concat([block.subarray(0, lineEnd), tail]);
        if (tail.length > maxLineBytes) tail = undefined;
      }
      end = start;
      if (end === 0 && tail !== undefined) pushLine(lines, tail, nothing);
      if (lines.length > 0) yield lines;
    }
  } finally {
    await handle.close();
  }
}

function pushLine(lines: string[], head: Buffer, tail: Buffer): void {
  if (head.length + tail.length === 0) return;
  lines.push(tail.length === 0 ? head.toString() : Buffer.concat([head, tail]).toString());
}
