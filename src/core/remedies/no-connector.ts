/** No receive connector for a client's address: which ones could let it in by the endpoint it came to. */
import { listeningDoors } from "../policy/door.ts";
import { addedWord, commandWord } from "../units/command-word.ts";
import type { Endpoint, ReceiveConnectorSettings } from "../policy/receive-connector.ts";
import { chooseReceiveConnector, covers } from "../policy/receive-connector.ts";
import { formatEndpoint } from "../units/endpoint.ts";
import { formatAddress, parseAddress, type IpAddress } from "../units/ip-address.ts";
import { isLoopbackAddress } from "../units/private-address.ts";
import { noSetting, setConnector, type Remedy } from "./remedy.ts";

const mostConnectors = 5;

/** `endpoints`: those it was refused at, as the event names them; empty: unknown. Undefined: it is served by now. */
export function noConnectorRemedy(
  connectors: readonly ReceiveConnectorSettings[],
  address: IpAddress,
  endpoints: readonly Endpoint[],
): Remedy | undefined {
  const enabled = connectors.filter((connector) => connector.enabled);
  const served = (endpoint: Endpoint): boolean =>
    listeningDoors.some((door) => chooseReceiveConnector(enabled, endpoint, address, door) !== undefined);
  const all = endpoints.length > 0 ? endpoints : enabled.flatMap(({ bindings }) => bindings);
  if (all.length > 0 && (endpoints.length > 0 ? all.every(served) : all.some(served))) return undefined;
  const text = formatAddress(address);
  const wanted = endpoints.filter((endpoint) => !served(endpoint));
  const fitting = enabled.filter(({ bindings, httpBindings }) =>
    [...bindings, ...httpBindings].some(
      (binding) =>
        isOpenTo(binding, address) &&
        (wanted.length === 0 || wanted.some((endpoint) => covers(binding, endpoint))),
    ),
  );
  const letIn = fitting.slice(0, mostConnectors).map((connector) => ({
    command: setConnector(connector, `-RemoteIPRanges ${addedWord([text])}`),
    effect: `it may do what ${connector.name} lets its clients do`,
  }));
  const disabled = connectors.filter((connector) => wouldServe(connector, endpoints, address));
  if (disabled.length > 0)
    return {
      text: "The receive connector that is for this address is disabled, and no other one serves it. To enable it, or to let another one serve it:",
      commands: [
        ...disabled.slice(0, mostConnectors).map(({ name }) => ({
          command: `Enable-ReceiveConnector ${commandWord(name)}`,
          effect: "it listens and serves its clients again",
        })),
        ...letIn,
      ],
    };
  if (letIn.length > 0)
    return {
      text: "No receive connector's remoteIpRanges hold this address, so its connections are refused. To let it in:",
      commands: letIn,
    };
  const [connector] = enabled;
  if (connector === undefined)
    return noSetting("No receive connector is enabled: New-ReceiveConnector, or Enable-ReceiveConnector.");
  const port = connector.bindings[0]?.port ?? 25;
  // Beside one of the same port and family that of all addresses cannot be opened: it takes the place of those.
  const kept = connector.bindings.filter(
    (binding) => binding.port !== port || binding.address.includes(":") !== (address.family === 6),
  );
  const bindings = [...kept, { address: address.family === 4 ? "0.0.0.0" : "::", port }].map(formatEndpoint);
  return {
    text: `No receive connector listens where this address could reach it: ${connectorBindings(enabled)}. To listen, and let it in:`,
    commands: [
      {
        command: setConnector(
          connector,
          `-Bindings ${commandWord(bindings.join(","))} -RemoteIPRanges ${addedWord([text])}`,
        ),
        effect: `${connector.name} listens on all addresses of this machine, port ${port}`,
      },
    ],
  };
}

/** A disabled one, were it enabled. */
function wouldServe(
  connector: ReceiveConnectorSettings,
  endpoints: readonly Endpoint[],
  address: IpAddress,
): boolean {
  if (connector.enabled) return false;
  const enabled = [{ ...connector, enabled: true }];
  return (endpoints.length > 0 ? endpoints : connector.bindings).some(
    (endpoint) => chooseReceiveConnector(enabled, endpoint, address) !== undefined,
  );
}

/** Whether a client of that address can have come to it. */
function isOpenTo(binding: Endpoint, address: IpAddress): boolean {
  const bound = parseAddress(binding.address);
  if (bound?.family !== address.family) return false;
  return !isLoopbackAddress(bound) || isLoopbackAddress(address);
}

function connectorBindings(connectors: readonly ReceiveConnectorSettings[]): string {
  return connectors
    .slice(0, mostConnectors)
    .map(({ name, bindings }) => `${commandWord(name)} at ${bindings.map(formatEndpoint).join(", ")}`)
    .join("; ");
}
