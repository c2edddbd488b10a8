import { plainSendConnector } from "../../config/plain-settings.ts";
import { sendConnectorKinds } from "../../config/setting-kinds.ts";
import { credentialEnds, credentialWarningMs, daysUntil } from "../../core/policy/credential-expiry.ts";
import {
  type ConnectorQueue,
  sendConnectorState,
  stateAmongDomains,
} from "../../core/policy/send-connector-state.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { connectorChanges } from "./named-changes.ts";

type Names =
  | "listSendConnectors"
  | "getSendConnector"
  | "newSendConnector"
  | "setSendConnector"
  | "enableSendConnector"
  | "disableSendConnector"
  | "removeSendConnector";

export function sendConnectorHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay } = administered;
  const connectors = connectorChanges(administered, {
    section: "sendConnectors",
    noun: "send connector",
    all: (settings) => settings.sendConnectors,
    plain: plainSendConnector,
  });

  const show = (connector: SendConnectorSettings): Output<"getSendConnector"> => {
    const queues = relay.queues().filter((queue) => queue.connector === connector.name);
    const [queue] = queues;
    const { state, lastError } =
      connector.kind === "dns"
        ? amongDomains(connector, queues)
        : {
            state: sendConnectorState(connector.enabled, queue),
            lastError: queue?.lastError ?? queue?.putOff ?? queue?.waitsForTurn ?? null,
          };
    return {
      ...connectors.described(connector),
      kind: connector.kind,
      kinds: sendConnectorKinds,
      status: {
        state,
        lastError: state === "Disabled" ? null : lastError,
        queues: queues.length,
        messages: queues.reduce((sum, { messages }) => sum + messages, 0),
        fallback: queues.find((one) => one.fallback !== undefined)?.fallback?.connector ?? null,
        credentials: credentialEnds([connector]).map(({ credential, expiresAt }) => ({
          credential,
          expires: new Date(expiresAt).toISOString(),
          daysLeft: daysUntil(expiresAt, Date.now()),
          warning: expiresAt - Date.now() <= credentialWarningMs,
        })),
      },
    };
  };

  return {
    listSendConnectors: () => ({ connectors: connectors.all().map(show) }),
    getSendConnector: ({ name }) => show(connectors.find(name)),
    newSendConnector: ({ name, settings, whatIf }) => connectors.add(name, settings, whatIf),
    setSendConnector: ({ name, settings, whatIf }) => connectors.set(name, settings, whatIf),
    enableSendConnector: connectors.enable,
    disableSendConnector: connectors.disable,
    removeSendConnector: (identity) => connectors.remove(identity),
  };
}

/** What of ten thousand queues is worth a line. */
function amongDomains(
  { name, enabled }: SendConnectorSettings,
  queues: readonly (ConnectorQueue & { readonly nextHop: string; readonly lastError: string | undefined })[],
) {
  const { state, failing } = stateAmongDomains(enabled, queues);
  const [first] = queues.filter(({ retryCount }) => retryCount > 0);
  const others = `${failing} of ${queues.length} domains with mail cannot be reached: Get-Queue "${name};*" shows them`;
  const only = `${first?.nextHop ?? ""}: ${first?.lastError ?? ""}`;
  return { state, lastError: failing === 0 ? null : failing === 1 ? only : others };
}
