/** The configuration that is changed: through the relay where one runs, else where it is kept. */
import type { ConfigResult } from "../config/parse-config.ts";
import { whoRunsThis } from "./who-runs-this.ts";
import { connectAdmin, AdminError, NoRelayError, type AdminClient } from "../admin/client.ts";
import type { Input, Output } from "../admin/contract.ts";
import type { Context } from "./cmdlet.ts";
import { type MeantRelay, meantRelay } from "./data-directory.ts";

/** A person waits for it. */
const databasePatienceMs = 5_000;

type Edits = Input<"editConfiguration">["edits"];
type Change = Output<"editConfiguration">;
type Section = Readonly<Record<string, unknown>>;

export interface ConfigurationTarget {
  /** A relay runs with it. */
  readonly isRunning: boolean;
  readonly receiveConnectors: readonly Section[];
  readonly sendConnectors: readonly Section[];
  readonly acceptedDomains: readonly string[];
  /** All or none. Rejects with AdminError. */
  edit(edits: Edits, whatIf: boolean): Promise<Change>;
}

/** Rejects with CommandFault where there is no configuration, with AdminError where it has faults. */
export async function configurationTarget({ config }: Pick<Context, "config">): Promise<ConfigurationTarget> {
  const meant = await meantRelay(config);
  try {
    return await runningTarget(await connectAdmin({ dataDirectory: meant.dataDirectory }));
  } catch (fault) {
    if (fault instanceof NoRelayError && !fault.isDenied) return storedTarget(meant);
    throw fault;
  }
}

async function runningTarget(relay: AdminClient): Promise<ConfigurationTarget> {
  const [receive, send, { domains }] = await Promise.all([
    relay.call("listReceiveConnectors", {}),
    relay.call("listSendConnectors", {}),
    relay.call("listAcceptedDomains", {}),
  ]);
  return {
    isRunning: true,
    receiveConnectors: receive.connectors.map(({ settings }) => settings),
    sendConnectors: send.connectors.map(({ settings }) => settings),
    acceptedDomains: domains.map(({ domainName }) => domainName),
    edit: (edits, whatIf) => relay.call("editConfiguration", { edits, whatIf }),
  };
}

/** No relay runs here: the file is edited, or the document that the nodes of a cluster share. */
async function storedTarget({ configFile: file }: MeantRelay): Promise<ConfigurationTarget> {
  const { openConfiguration } = await import("./configuration-source.ts");
  const { editConfiguration } = await import("../config/edit.ts");
  const { domainText, plainReceiveConnector, plainSendConnector } =
    await import("../config/plain-settings.ts");
  const { unifiedDiff } = await import("../config/unified-diff.ts");

  const opened = await openConfiguration(file, databasePatienceMs);
  opened.close();
  const { store, written, shared } = opened;
  const place = shared?.isWritten === true ? store.place : file;
  const accepted = (result: ConfigResult) => {
    if (result.ok) return result;
    throw new AdminError({
      code: "configurationRefused",
      message: `${place} has faults`,
      faults: [...result.faults],
    });
  };
  const before = accepted(opened.parsed);
  return {
    isRunning: false,
    receiveConnectors: before.settings.receiveConnectors.map(plainReceiveConnector),
    sendConnectors: before.settings.sendConnectors.map(plainSendConnector),
    acceptedDomains: before.settings.acceptedDomains.map(domainText),
    async edit(edits, whatIf) {
      const edited = editConfiguration(written.text, edits);
      if (!edited.ok) {
        const code = edited.code === "notEditable" ? "fileFault" : edited.code;
        throw new AdminError({ code, message: edited.message });
      }
      const after = accepted(store.parse({ ...written, text: edited.text }));
      const diff = unifiedDiff(written.text, edited.text);
      if (!whatIf && diff !== "") {
        const again = await openConfiguration(file, databasePatienceMs);
        await again.store
          .replace(written, edited.text, { ...whoRunsThis(), doing: edits.map(({ kind }) => kind).join(" ") })
          .finally(() => again.close());
      }
      const known = new Set(before.warnings.map(({ path, message }) => `${path} ${message}`));
      return {
        applied: false,
        whatIf,
        file: place,
        changes: [],
        diff,
        warnings: after.warnings.filter(({ path, message }) => !known.has(`${path} ${message}`)),
        notices: [],
        notListening: [],
        needsRestart: [],
      };
    },
  };
}
