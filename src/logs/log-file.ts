/** One log file open for appending, that never keeps half a line. */
import { open, stat, type FileHandle } from "node:fs/promises";
import { isMissing } from "../ports/file-fault.ts";

const blockBytes = 64 * 1024;
const lineFeed = 0x0a;

export class LogFile {
  readonly path: string;
  readonly day: string;
  readonly number: number;
  readonly #handle: FileHandle;
  #sizeBytes: number;

  private constructor(path: string, day: string, number: number, handle: FileHandle, sizeBytes: number) {
    this.path = path;
    this.day = day;
    this.number = number;
    this.#handle = handle;
    this.#sizeBytes = sizeBytes;
  }

  /**
   * Opens or makes the file. A last line without its end, as a crash leaves it, is cut off; what lies behind
   * `knownSizeBytes` too.
   */
  static async open(
    file: { readonly path: string; readonly day: string; readonly number: number },
    knownSizeBytes = Infinity,
  ): Promise<LogFile> {
    const handle = await open(file.path, "a+", 0o640);
    try {
      const { size } = await handle.stat();
      const kept = await endOfLastLine(handle, Math.min(size, knownSizeBytes));
      if (kept < size) await handle.truncate(kept);
      return new LogFile(file.path, file.day, file.number, handle, kept);
    } catch (error) {
      await handle.close().catch(() => {});
      throw error;
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** All of it or nothing: rejects after taking back what was written of it. */
  async append(lines: Buffer): Promise<void> {
    try {
      await this.#handle.appendFile(lines);
      this.#sizeBytes += lines.length;
    } catch (error) {
      await this.#handle.truncate(this.#sizeBytes).catch(() => {});
      throw error;
    }
  }

  /** Its name still leads to it: nobody has removed or moved it, or its folder. Cost: two small system calls. */
  async isInPlace(): Promise<boolean> {
    const [own, there] = await Promise.all([
      this.#handle.stat(),
      stat(this.path).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      }),
    ]);
    return there !== undefined && there.ino === own.ino && there.dev === own.dev;
  }

  /** Makes what was appended outlive a power cut. */
  async sync(): Promise<void> {
    await this.#handle.datasync();
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }
}

async function endOfLastLine(handle: FileHandle, sizeBytes: number): Promise<number> {
  const block = Buffer.allocUnsafe(Math.min(blockBytes, sizeBytes));
  let end = sizeBytes;
  while (end > 0) {
    const start = Math.max(0, end - blockBytes);
    const { bytesRead } = await handle.read(block, 0, end - start, start);
    const last = block.subarray(0, bytesRead).lastIndexOf(lineFeed);
    if (last >= 0) return start + last + 1;
    end = start;
  }
  return 0;
}
