/** The configuration that a file means: its own text, or the document it has in common with the other nodes of its cluster. */
import { dirname, resolve } from "node:path";
import type { ConfigurationStore, WrittenConfiguration } from "../config/configuration-store.ts";
import { readConfigurationText } from "../config/edit-file.ts";
import type { Fault } from "../config/fault.ts";
import { fileStore, fileText } from "../config/file-store.ts";
import type { ConfigResult } from "../config/parse-config.ts";
import { readClusterSection } from "../config/read-cluster-section.ts";
import type { ClusterSettings } from "../core/policy/cluster-settings.ts";
import type { ConfigurationDocuments } from "../ports/configuration-documents.ts";
import type { KeptTokens } from "../ports/kept-tokens.ts";
import { dataDirectoryIn } from "./data-directory.ts";

export interface OpenedConfiguration {
  readonly store: ConfigurationStore;
  readonly written: WrittenConfiguration;
  readonly parsed: ConfigResult;
  /** The newest version cannot be used here, and this one of before holds. Undefined: it is the newest. */
  readonly behind: { readonly newest: number; readonly faults: readonly Fault[] } | undefined;
  /** Undefined: one machine. */
  readonly shared: OpenedShared | undefined;
  close(): void;
}

export interface OpenedShared {
  readonly cluster: ClusterSettings;
  readonly documents: ConfigurationDocuments;
  readonly tokens: KeptTokens;
  /** There is a document; else each node has its own file still. */
  readonly isWritten: boolean;
}

/**
 * Rejects with ConfigurationFileError, or with what the database said, for which it waits up to `patienceMs`; `onWait` hears
 * once why. Faults of the section that names the database are in `parsed`.
 */
export async function openConfiguration(
  file: string,
  patienceMs: number,
  onWait?: (reason: string) => void,
): Promise<OpenedConfiguration> {
  const path = resolve(file);
  const text = await readConfigurationText(file);
  const own = { store: fileStore(path), written: fileText(text) };
  const alone = { ...own, behind: undefined, shared: undefined, close: () => undefined };
  const { cluster, faults } = readClusterSection(text, path);
  if (faults.length > 0) return { ...alone, parsed: { ok: false, faults } };
  if (cluster === undefined) return { ...alone, parsed: own.store.parse(own.written) };
  const { openShared } = await import("../cluster/open-shared.ts");
  const { sharedStore } = await import("../config/shared-store.ts");
  const { usedConfiguration } = await import("../config/used-configuration.ts");
  const opened = await openShared(cluster, patienceMs, onWait);
  const { documents } = opened;
  const close = (): void => opened.close();
  try {
    const isWritten = (await documents.head()) !== undefined;
    const shared = { cluster, documents, tokens: opened.tokens, isWritten };
    if (!isWritten) return { ...own, parsed: own.store.parse(own.written), behind: undefined, shared, close };
    const kept = usedConfiguration(resolve(dirname(path), await dataDirectoryIn(text)));
    const store = sharedStore(path, documents, undefined, (used) => kept.keep(used));
    const state = await store.read();
    const newest = { store, written: state, parsed: store.parse(state), behind: undefined, shared, close };
    if (newest.parsed.ok) return newest;
    // The file of this node is the one that is there now.
    const before = await kept.last(state.ownText);
    const parsed = before && store.parse(before);
    if (before === undefined || parsed?.ok !== true) return newest;
    return {
      ...newest,
      written: before,
      parsed,
      behind: { newest: state.version, faults: newest.parsed.faults },
    };
  } catch (error) {
    close();
    throw error;
  }
}
