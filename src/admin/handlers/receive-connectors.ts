import { plainReceiveConnector } from "../../config/plain-settings.ts";
import { receiveConnectorKinds } from "../../config/setting-kinds.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { connectorChanges } from "./named-changes.ts";
import { adviceForNewConnector } from "./new-connector.ts";

type Names =
  | "listReceiveConnectors"
  | "getReceiveConnector"
  | "newReceiveConnector"
  | "setReceiveConnector"
  | "enableReceiveConnector"
  | "disableReceiveConnector"
  | "removeReceiveConnector";

export function receiveConnectorHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay } = administered;
  const connectors = connectorChanges(administered, {
    section: "receiveConnectors",
    noun: "receive connector",
    all: (settings) => settings.receiveConnectors,
    plain: plainReceiveConnector,
  });

  const show = (connector: ReceiveConnectorSettings): Output<"getReceiveConnector"> => {
    const listening = new Set(
      relay
        .bindings()
        .filter(({ connectors: served }) => served.includes(connector.name))
        .map(({ endpoint }) => formatEndpoint(endpoint)),
    );
    const openConnections = relay.connections().filter((open) => open.connector === connector.name).length;
    return {
      ...connectors.described(connector),
      kinds: receiveConnectorKinds,
      status: {
        endpoints: connector.bindings.map((binding) => ({
          binding: formatEndpoint(binding),
          listening: listening.has(formatEndpoint(binding)),
        })),
        openConnections,
      },
    };
  };

  return {
    listReceiveConnectors: () => ({ connectors: connectors.all().map(show) }),
    getReceiveConnector: ({ name }) => show(connectors.find(name)),
    newReceiveConnector: ({ name, usage, settings, whatIf }) =>
      connectors.add(name, { ...(usage === undefined ? {} : { usage }), ...settings }, whatIf, ({ after }) =>
        adviceForNewConnector(after, name),
      ),
    setReceiveConnector: ({ name, settings, whatIf }) => connectors.set(name, settings, whatIf),
    enableReceiveConnector: connectors.enable,
    disableReceiveConnector: connectors.disable,
    removeReceiveConnector: connectors.remove,
  };
}
