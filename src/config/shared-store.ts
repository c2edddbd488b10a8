/**
 * The configuration as a document that several nodes share, beside the file of this node. A look each second finds what other
 * nodes changed: it goes through any pooler, where LISTEN does not (docs/decisions/0071).
 */
import type { ConfigurationDocument, ConfigurationDocuments } from "../ports/configuration-documents.ts";
import type { ConfigurationStore, WrittenConfiguration } from "./configuration-store.ts";
import { ConfigurationFileError, readConfigurationText } from "./edit-file.ts";
import { formatFault } from "./fault.ts";
import { namedFiles } from "./named-files.ts";
import { parseShared } from "./shared-configuration.ts";
import { watchFile } from "./watch.ts";

const usualLookMs = 1_000;
/** Told once and shown to people; a broken document may have any number. */
const mostFaults = 100;

export const sharedPlace = "the shared configuration";

/** `file`: this node's own. `keep`: the last version that could be used, for a start that cannot use the newest. */
export function sharedStore(
  file: string,
  documents: ConfigurationDocuments,
  lookMs = usualLookMs,
  keep: (used: WrittenConfiguration) => Promise<void> = () => Promise.resolve(),
): ConfigurationStore {
  /** Of the document that was made something of last. */
  let judged: string | undefined;
  /** What the database did not take yet. */
  let untold:
    | { readonly version: number; readonly faults: readonly string[]; readonly inForce: number | undefined }
    | undefined;
  let kept: string | undefined;

  const tellNow = async (): Promise<void> => {
    const telling = untold;
    if (telling === undefined) return;
    const isTold = await documents.tell(telling.version, telling.faults, telling.inForce).then(
      () => true,
      () => false,
    );
    if (isTold && untold === telling) untold = undefined;
  };

  const head = async (): Promise<ConfigurationDocument> => {
    const found = await asked(() => documents.head());
    if (found !== undefined) return found;
    throw new ConfigurationFileError(
      "fileFault",
      "the database has no configuration; weir cluster init writes it",
    );
  };

  return {
    file,
    place: sharedPlace,
    history: {
      version: (version) => asked(() => documents.version(version)),
      versions: (limit) => asked(() => documents.versions(limit)),
      applied: () => asked(() => documents.applied()),
    },
    async read() {
      const [ownText, { text, version, changeId }] = await Promise.all([readConfigurationText(file), head()]);
      return { text, ownText, version, changeId };
    },
    parse: ({ text, ownText = "" }, fixed) =>
      parseShared(text, ownText, { file, ...(fixed === undefined ? {} : { fixed }) }),
    async replace(expected, text, by) {
      const made = await asked(() => documents.add(expected.version, text, by));
      if (made !== undefined) return { ...expected, text, version: made.version, changeId: made.changeId };
      const other = await head();
      throw new ConfigurationFileError(
        "fileChanged",
        `${sharedPlace} was changed meanwhile: version ${other.version} by ${authorText(other)}; nothing was written, try again`,
      );
    },
    namedFiles: ({ text, ownText = "" }) => [
      ...new Set([...namedFiles(text, file), ...namedFiles(ownText, file)]),
    ],
    watch(changed) {
      let closed = false;
      let timer: NodeJS.Timeout | undefined;
      const look = async (): Promise<void> => {
        // While the database is away what holds goes on.
        const found = await documents.headId().catch(() => undefined);
        if (!closed && found !== undefined && found !== judged) await changed();
        if (!closed) await tellNow();
        if (!closed) timer = setTimeout(() => void look(), lookMs).unref();
      };
      timer = setTimeout(() => void look(), lookMs).unref();
      const own = watchFile(file, () => void changed());
      return {
        close() {
          closed = true;
          clearTimeout(timer);
          own.close();
        },
      };
    },
    async tell(written: WrittenConfiguration, faults) {
      const { version, changeId } = written;
      judged = changeId;
      const isInForce = faults.length === 0;
      untold = {
        version,
        faults: faults.slice(0, mostFaults).map((fault) => formatFault(fault, sharedPlace)),
        inForce: isInForce ? version : untold?.inForce,
      };
      if (isInForce && kept !== changeId) {
        kept = changeId;
        await keep(written).catch(() => {
          // With the next one, or at the next start.
          kept = undefined;
        });
      }
      await tellNow();
    },
  };
}

function authorText({ by, node }: ConfigurationDocument): string {
  return `${by.name} on ${node}`;
}

async function asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationFileError("fileFault", `${sharedPlace} cannot be reached: ${reason}`, error);
  }
}
