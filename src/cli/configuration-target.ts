/** The configuration that is changed: through the relay where one runs, else the file itself. */
import { connectAdmin, AdminError, NoRelayError, type AdminClient } from "../admin/client.ts";
import type { Input, Output } from "../admin/contract.ts";
import type { Context } from "./cmdlet.ts";
import { type MeantRelay, meantRelay } from "./data-directory.ts";

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
    if (fault instanceof NoRelayError && !fault.isDenied) return fileTarget(meant);
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

async function fileTarget({ configFile: file }: MeantRelay): Promise<ConfigurationTarget> {
  const { readConfigurationText, replaceConfigurationText } = await import("../config/edit-file.ts");
  const { parseConfig } = await import("../config/parse-config.ts");
  const { editConfiguration } = await import("../config/edit.ts");
  const { domainText, plainReceiveConnector, plainSendConnector } =
    await import("../config/plain-settings.ts");
  const { unifiedDiff } = await import("../config/unified-diff.ts");

  const text = await readConfigurationText(file);
  const parsed = (given: string) => {
    const result = parseConfig(given, { file });
    if (result.ok) return result;
    throw new AdminError({
      code: "configurationRefused",
      message: `${file} has faults`,
      faults: [...result.faults],
    });
  };
  const before = parsed(text);
  return {
    isRunning: false,
    receiveConnectors: before.settings.receiveConnectors.map(plainReceiveConnector),
    sendConnectors: before.settings.sendConnectors.map(plainSendConnector),
    acceptedDomains: before.settings.acceptedDomains.map(domainText),
    async edit(edits, whatIf) {
      const edited = editConfiguration(text, edits);
      if (!edited.ok) {
        const code = edited.code === "notEditable" ? "fileFault" : edited.code;
        throw new AdminError({ code, message: edited.message });
      }
      const after = parsed(edited.text);
      const diff = unifiedDiff(text, edited.text);
      if (!whatIf && diff !== "") await replaceConfigurationText(file, text, edited.text);
      const known = new Set(before.warnings.map(({ path, message }) => `${path} ${message}`));
      return {
        applied: false,
        whatIf,
        file,
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
