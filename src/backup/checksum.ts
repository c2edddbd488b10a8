/** What a file's content is known by again, for those that bear no checksum of their own. */
import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";

/** Some 0.1 ms of the event loop. */
const blockBytes = 256 * 1024;

/** Reads all of it. Rejects with the system's error. */
export async function checksumOf(path: string): Promise<number> {
  const handle = await open(path, "r");
  try {
    const block = Buffer.allocUnsafe(blockBytes);
    let sum = 0;
    for (;;) {
      const { bytesRead } = await handle.read(block, 0, blockBytes);
      if (bytesRead === 0) return sum;
      sum = crc32(block.subarray(0, bytesRead), sum);
    }
  } finally {
    await handle.close();
  }
}

/** Bodies have theirs in their messages' records, which a restore reads. */
export function hasChecksum(path: string): boolean {
  return !path.startsWith("data/spool/bodies/");
}
