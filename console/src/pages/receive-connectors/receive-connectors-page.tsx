/** Receive connectors: what of each limit is in use, their settings, their verbs. */
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { receiveConnectorFacts } from "../../../../src/config/generated/setting-facts.ts";
import { call } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { useLoaded } from "../../load.ts";
import { linkTo } from "../../router.ts";
import { durationText } from "../../time-text.ts";
import { ConnectorsPage, type ConnectorVerbs } from "../connectors/connectors-page.tsx";
import { LimitBar } from "./limit-bar.tsx";
import { NewConnectorDialog } from "./new-connector-dialog.tsx";
import { RightValueDialog } from "./right-value/right-value-dialog.tsx";

type Connector = Output<"listReceiveConnectors">["connectors"][number];
type Usage = Output<"getLimitUsage">["connectors"][number];

const facts = receiveConnectorFacts.filter(({ name }) => name !== "name");

const openText = ({ status }: Connector): string =>
  status.openConnections === 0
    ? ""
    : ` The ${status.openConnections === 1 ? "session" : `${status.openConnections.toLocaleString()} sessions`} open now may end by ${status.openConnections === 1 ? "itself" : "themselves"}.`;

const verbs: ConnectorVerbs<Connector> = {
  operation: "setReceiveConnector",
  set: (input) => call("setReceiveConnector", input),
  enable: (input) => call("enableReceiveConnector", input),
  disable: (input) => call("disableReceiveConnector", input),
  remove: (input) => call("removeReceiveConnector", input),
  disabled: (connector) =>
    `It stops listening; its clients are refused or reach another connector of the same binding.${openText(connector)}`,
  removed: (connector) =>
    `It leaves the configuration with all its settings; its clients are refused or reach another connector of the same binding.${openText(connector)}`,
};

export function ReceiveConnectorsPage({ query }: { query: URLSearchParams }) {
  const [questioned, setQuestioned] = useState<string>();
  const [list, reload] = useLoaded("listReceiveConnectors", {}, 5_000);
  const [usage] = useLoaded("getLimitUsage", {}, 2_000);
  const usageOf = ({ name }: Connector): Usage | undefined =>
    usage?.connectors.find(({ connector }) => connector === name);
  return (
    <ConnectorsPage
      title="Receive connectors"
      connectors={list?.connectors}
      wanted={query.get("name")}
      facts={facts}
      verbs={verbs}
      empty={<p>No receive connector: nothing is received. “New…” makes one.</p>}
      summary={(connector) => <Summary connector={connector} usage={usageOf(connector)} />}
      details={(connector) => (
        <div class="limits">
          {usageOf(connector)?.limits.map((one) => (
            <LimitBar key={one.limit} usage={one} connector={connector.name} />
          ))}
          <div class="actions">
            <button
              type="button"
              aria-label={`Is this the right value? ${connector.name}`}
              onClick={() => setQuestioned(connector.name)}
            >
              Is this the right value?
            </button>
          </div>
        </div>
      )}
      newDialog={(onClose) => <NewConnectorDialog onClose={onClose} />}
      reload={reload}
    >
      {questioned !== undefined && (
        <RightValueDialog
          connector={questioned}
          onClose={() => {
            setQuestioned(undefined);
            reload();
          }}
        />
      )}
      {usage !== undefined && (
        <section class="card" aria-label="All connectors">
          <div class="card-head">
            <h2>All connectors together</h2>
            <span class="muted">
              peaks since the start, or within the last day:{" "}
              {durationText(Date.now() - Date.parse(usage.since))}
            </span>
          </div>
          <div class="limits">
            <LimitBar usage={usage.connectionRate} />
          </div>
        </section>
      )}
    </ConnectorsPage>
  );
}

function Summary({ connector, usage }: { connector: Connector; usage: Usage | undefined }) {
  const { endpoints, openConnections, learning } = connector.status;
  const isEnabled = connector.settings["enabled"] !== false;
  const faults = endpoints.flatMap(({ binding, reason }) =>
    reason === null ? [] : [`${binding}: ${reason}`],
  );
  const isListening = endpoints.some(({ listening }) => listening);
  const state = !isEnabled ? "disabled" : isListening ? "listening" : "cannot listen";
  return (
    <>
      <Badge kind={!isEnabled ? "warning" : isListening ? "good" : "error"} text={state} />
      {learning !== null && (
        <Badge
          kind={learning.isOver ? "warning" : "plain"}
          text={learning.isOver ? "has learned" : "learning"}
        />
      )}
      {faults.length > 0 && <span class="fault-text">{faults.join("; ")}</span>}
      <span class="muted">
        {endpoints.map(({ binding }) => binding).join(", ")} · {openConnections.toLocaleString()} open
        {usage === undefined || usage.sources === 0
          ? ""
          : ` from ${usage.sources.toLocaleString()} ${usage.sources === 1 ? "source" : "sources"}`}
        {usage !== undefined && usage.waiting > 0 ? ` · ${usage.waiting.toLocaleString()} waiting` : ""} ·{" "}
        <a href={linkTo("/events", { connector: connector.name })}>events</a> ·{" "}
        <a href={linkTo("/tracking", { connector: connector.name })}>messages</a>
      </span>
    </>
  );
}
