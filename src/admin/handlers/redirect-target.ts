/** Where Redirect-Message moves mail to: a send connector by its name, or the one that has a smart host. */
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { Relay } from "../../relay-contract.ts";
import { AdminRefusal } from "../refusal.ts";

/** Throws AdminRefusal where nothing of the kind takes mail. */
export function redirectTarget({ settings }: Pick<Relay, "settings">, to: string): SendConnectorSettings {
  const wanted = to.toLowerCase();
  const { sendConnectors } = settings;
  const named = sendConnectors.find(({ name }) => name.toLowerCase() === wanted);
  const found = named ?? sendConnectors.find((one) => one.enabled && hasSmartHost(one, wanted));
  if (found === undefined)
    throw new AdminRefusal(
      "notFound",
      `no send connector is named ${to} or has it as a smart host; there are ${sendConnectors.map(({ name }) => name).join(", ") || "none"}. New-SendConnector makes one`,
    );
  if (!found.enabled)
    throw new AdminRefusal("invalidInput", `send connector ${found.name} is disabled; nothing waits for it`);
  return found;
}

/** `host`, `[host]`, `host:port`. */
function hasSmartHost(connector: SendConnectorSettings, wanted: string): boolean {
  if (connector.kind !== "smartHost") return false;
  return connector.smartHosts.some(({ host, port }) =>
    [host, `[${host}]`, `${host}:${port}`, `[${host}]:${port}`].includes(wanted),
  );
}
