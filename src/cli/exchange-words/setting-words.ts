/** Settings of Exchange that are none here, as parameters: the texts are those of the file check. */
import { refusedSettings } from "../../config/refused-settings.ts";
import { exchangeName } from "../output/setting-text.ts";
import type { ParameterWord } from "./parameter-word.ts";

/** They change nothing of what is meant, so that a script may give them. */
const harmless = new Set([
  "transportRole",
  "longAddressesEnabled",
  "orarEnabled",
  "suppressXAnonymousTls",
  "advertiseClientSettings",
  "isScopedConnector",
  "sourceTransportServers",
  "sourceRoutingGroup",
  "homeMtaServerId",
  "homeMTA",
  "connectorType",
  "frontendProxyEnabled",
  "adminDisplayName",
]);

/** Of a cmdlet they mean something else, or are answered there. */
const notOfCmdlets = new Set(["server", "identity", "custom", "client", "internal", "internet", "partner"]);

export function settingWords(section: string): readonly ParameterWord[] {
  return Object.entries(refusedSettings[section] ?? {})
    .filter(([name]) => !notOfCmdlets.has(name))
    .map(([name, reason]) => {
      const text = asParameters(reason);
      const isHarmless = harmless.has(name) || (name === "usage" && section === "sendConnectors");
      return {
        name: exchangeName(name),
        takes: "value",
        answer: isHarmless ? { ignored: text.replace(/; leave it out$/, "") } : { refused: text },
      };
    });
}

/** Settings stand in backquotes: `tlsKeyFile` is -TlsKeyFile. */
export function asParameters(text: string): string {
  return text.replaceAll(/`([A-Za-z0-9]+)`/g, (_, setting: string) => `-${exchangeName(setting)}`);
}
