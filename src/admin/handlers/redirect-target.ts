/** Where Redirect-Message moves mail to: a send connector by its name, or the one that has a smart host. */
import { queueNameOf } from "../../core/policy/next-hops.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { Relay } from "../../relay-contract.ts";
import type { QueueName } from "../../spool/spool.ts";
import { AdminRefusal } from "../refusal.ts";

export interface RedirectTarget {
  readonly connector: string;
  readonly queue: QueueName;
  readonly maxMessageSizeBytes: number;
}

/** Throws AdminRefusal where nothing of the kind takes mail. */
export function redirectTarget({ settings }: Pick<Relay, "settings">, to: string): RedirectTarget {
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
  if (found.kind === "dns")
    throw new AdminRefusal(
      "invalidInput",
      `send connector ${found.name} delivers by MX record, to a queue for each domain; name one with a next hop of its own`,
    );
  return { connector: found.name, queue: queueNameOf(found), maxMessageSizeBytes: found.maxMessageSize };
}

/** `host`, `[host]`, `host:port`. */
function hasSmartHost(connector: SendConnectorSettings, wanted: string): boolean {
  if (connector.kind !== "smartHost") return false;
  return connector.smartHosts.some(({ host, port }) =>
    [host, `[${host}]`, `${host}:${port}`, `[${host}]:${port}`].includes(wanted),
  );
}
