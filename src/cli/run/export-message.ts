/** Export-Message. */
import { open, unlink } from "node:fs/promises";
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";

export const exportMessage: Run = async (args, { output, config }) => {
  const relay = await relayOf({ config });
  const path = textOf(args, "Path") ?? "-";
  const octets = await relay.octets("exportMessage", {
    identity: textOf(args, "Identity") ?? "",
    form: isOn(args, "Replay") ? "replay" : "content",
  });
  if (path === "-") {
    for await (const chunk of octets) await output.octets(chunk);
    return 0;
  }
  const sizeBytes = await writeNew(path, octets);
  output.complain(`${sizeBytes} octets are in ${path}\n`);
  return 0;
};

/** What broke off leaves no file. */
async function writeNew(path: string, octets: AsyncIterable<Buffer>): Promise<number> {
  const file = await open(path, "wx", 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new CommandFault(
      error.code === "EEXIST"
        ? `${path} is there already; it is not overwritten`
        : `${path} cannot be written: ${error.message}`,
    );
  });
  let sizeBytes = 0;
  try {
    for await (const chunk of octets) {
      await file.writeFile(chunk);
      sizeBytes += chunk.length;
    }
  } catch (fault) {
    await unlink(path).catch(() => undefined);
    throw new CommandFault(`the message could not be read whole: ${String(fault)}`);
  } finally {
    await file.close();
  }
  return sizeBytes;
}
