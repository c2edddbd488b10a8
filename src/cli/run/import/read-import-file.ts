/** Files of another system, read with a bound: whatever they are, it ends in their text or a sentence. */
import { open } from "node:fs/promises";
import { formatByteSize } from "../../../core/units/byte-size.ts";
import { decodeText } from "../../../config/import/decode-text.ts";
import { CommandFault } from "../../exit-code.ts";

/** Thousands of connectors fit in. */
const mostBytes = 4 * 1024 * 1024;

/** `-` is stdin. Throws CommandFault, which names the file. */
export async function readImportFile(path: string): Promise<string> {
  const octets = path === "-" ? await readAll(path, process.stdin) : await readFileBounded(path);
  const text = decodeText(octets);
  if (!text.ok) throw new CommandFault(`${path} ${text.message}`);
  return text.value;
}

/** Undefined where there is no such file. */
export async function readImportFileIfThere(path: string): Promise<string | undefined> {
  try {
    return await readImportFile(path);
  } catch (fault) {
    if (fault instanceof MissingFile) return undefined;
    throw fault;
  }
}

class MissingFile extends CommandFault {}

async function readFileBounded(path: string): Promise<Uint8Array> {
  let handle;
  try {
    handle = await open(path, "r");
    const { size } = await handle.stat();
    if (size > mostBytes) throw tooLarge(path, formatByteSize(size));
    return await readAll(path, handle.createReadStream());
  } catch (fault) {
    if (fault instanceof CommandFault) throw fault;
    const code = fault instanceof Error && "code" in fault ? fault.code : undefined;
    if (code === "ENOENT") throw new MissingFile(`there is no ${path}`);
    if (code === "EISDIR") throw new CommandFault(`${path} is a folder`);
    throw new CommandFault(
      `${path} cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`,
    );
  } finally {
    await handle?.close().catch(() => undefined);
  }
}

async function readAll(path: string, source: AsyncIterable<unknown>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    const octets = chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk));
    sizeBytes += octets.length;
    // A pipe or a device tells no size.
    if (sizeBytes > mostBytes) throw tooLarge(path, "more");
    chunks.push(octets);
  }
  return Buffer.concat(chunks);
}

function tooLarge(path: string, size: string): CommandFault {
  return new CommandFault(
    `${path} is too large to be such a file: ${size}; at most ${formatByteSize(mostBytes)} are read`,
  );
}
