/**
 * The last version of the shared configuration that this node could use, in its data directory: it starts with that where the
 * newest does not suit it, rather than not at all.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeDirectory } from "../ports/make-directory.ts";
import { replaceFile } from "../ports/replace-file.ts";
import type { WrittenConfiguration } from "./configuration-store.ts";

const fileName = "configuration-in-use.json";

export interface UsedConfiguration {
  keep(used: WrittenConfiguration): Promise<void>;
  /** With what the node's own file says now. Undefined: none was kept, or it cannot be read. Never rejects. */
  last(ownText: string | undefined): Promise<WrittenConfiguration | undefined>;
}

export function usedConfiguration(dataDirectory: string): UsedConfiguration {
  const folder = join(dataDirectory, "node");
  const file = join(folder, fileName);
  return {
    async keep({ text, version, changeId }) {
      await makeDirectory(folder, 0o700);
      await replaceFile(file, `${JSON.stringify({ version, changeId, text })}\n`, { mode: 0o600 });
    },
    async last(ownText) {
      try {
        const { version, changeId, text } = JSON.parse(await readFile(file, "utf8")) as Record<
          string,
          unknown
        >;
        if (typeof version !== "number" || typeof changeId !== "string" || typeof text !== "string")
          return undefined;
        return { text, ownText, version, changeId };
      } catch {
        return undefined;
      }
    },
  };
}
