import { plainReceiveConnector } from "../../config/plain-settings.ts";
import { receiveConnectorKinds } from "../../config/setting-kinds.ts";
import { listeningDoors } from "../../core/policy/door.ts";
import { listeningText, serves, type ListeningEndpoint } from "../../core/policy/listening-endpoint.ts";
import { bindingsOf, type ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { learningNotes, learningOf, learningSettings } from "./learning.ts";
import { connectorChanges } from "./named-changes.ts";
import { adviceForNewConnector } from "./new-connector.ts";

type Endpoints = Output<"getReceiveConnector">["status"]["endpoints"];

type Names =
  | "listReceiveConnectors"
  | "getReceiveConnector"
  | "newReceiveConnector"
  | "setReceiveConnector"
  | "enableReceiveConnector"
  | "disableReceiveConnector"
  | "removeReceiveConnector";

export function receiveConnectorHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay, clock } = administered;
  const connectors = connectorChanges(administered, {
    section: "receiveConnectors",
    noun: "receive connector",
    all: (settings) => settings.receiveConnectors,
    plain: plainReceiveConnector,
  });

  const endpointsOf = (connector: ReceiveConnectorSettings): Endpoints => {
    const [open, failed] = [relay.bindings(), relay.failedListeners()];
    const all = listeningDoors.flatMap((door) =>
      bindingsOf(connector, door).map((binding) => ({ ...binding, door })),
    );
    return all.map((binding) => {
      const isOf = ({ endpoint }: { readonly endpoint: ListeningEndpoint }): boolean =>
        endpoint.door === binding.door && serves(endpoint, binding);
      return {
        binding: listeningText(binding),
        listening: connector.enabled && open.some(isOf),
        reason: (connector.enabled ? failed.find(isOf)?.reason : undefined) ?? null,
      };
    });
  };
  const show = (connector: ReceiveConnectorSettings): Output<"getReceiveConnector"> => {
    const openConnections = relay.connections().filter((open) => open.connector === connector.name).length;
    return {
      ...connectors.described(connector),
      kinds: receiveConnectorKinds,
      status: {
        endpoints: endpointsOf(connector),
        openConnections,
        learning: learningOf(connector, clock.wall().getTime()),
      },
    };
  };

  return {
    listReceiveConnectors: () => ({ connectors: connectors.all().map(show) }),
    getReceiveConnector: ({ name }) => show(connectors.find(name)),
    newReceiveConnector: ({ name, usage, settings, learnMs, whatIf }) => {
      const preset = usage === undefined ? {} : { usage };
      const learning = learnMs === undefined ? {} : learningSettings(clock.wall().getTime() + learnMs);
      return connectors.add(name, { ...preset, ...learning, ...settings }, whatIf, ({ after }) => [
        ...learningNotes(after.settings.transport, learnMs),
        ...adviceForNewConnector(after, name),
      ]);
    },
    setReceiveConnector: ({ name, settings, whatIf }) => connectors.set(name, settings, whatIf),
    enableReceiveConnector: connectors.enable,
    disableReceiveConnector: connectors.disable,
    removeReceiveConnector: ({ name, whatIf }) =>
      connectors.remove({ name, whatIf }, ({ before, after }) =>
        [before, after].some(({ settings }) => settings.receiveConnectors.some(({ enabled }) => enabled))
          ? []
          : ["No receive connector is enabled; no mail can come in."],
      ),
  };
}
