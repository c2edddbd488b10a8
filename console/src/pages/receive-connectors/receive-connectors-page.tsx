/** Receive connectors: where they listen, how much of each limit is in use, their settings. */
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { receiveConnectorFacts } from "../../../../src/config/setting-facts-table.ts";
import { call, may } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { EmptyState } from "../../components/table.tsx";
import { useLoaded } from "../../load.ts";
import { SettingsDialog } from "../settings/settings-dialog.tsx";
import { LimitBar } from "./limit-bar.tsx";
import { NewConnectorDialog } from "./new-connector-dialog.tsx";

type Connector = Output<"listReceiveConnectors">["connectors"][number];
type Usage = Output<"getLimitUsage">["connectors"][number];

const facts = receiveConnectorFacts.filter(({ name }) => name !== "name");

export function ReceiveConnectorsPage() {
  const [list, reload] = useLoaded("listReceiveConnectors", {}, 5_000);
  const [usage] = useLoaded("getLimitUsage", {}, 2_000);
  const [opened, setOpened] = useState<Connector>();
  const [making, setMaking] = useState(false);
  const closed = (): void => {
    setOpened(undefined);
    setMaking(false);
    reload();
  };
  return (
    <div class="page">
      <header class="page-head">
        <h1>Receive connectors</h1>
        {may("newReceiveConnector") && (
          <button type="button" onClick={() => setMaking(true)}>
            New…
          </button>
        )}
      </header>
      {list?.connectors.length === 0 && <EmptyState>No receive connector: nothing is received.</EmptyState>}
      {list?.connectors.map((connector) => (
        <ConnectorCard
          key={connector.name}
          connector={connector}
          usage={usage?.connectors.find((one) => one.connector === connector.name)}
          onOpen={() => setOpened(connector)}
        />
      ))}
      {opened !== undefined && (
        <SettingsDialog
          title={`Settings of ${opened.name}`}
          facts={facts}
          settings={opened.settings}
          origins={opened.origins}
          change={(settings, whatIf) => call("setReceiveConnector", { name: opened.name, settings, whatIf })}
          done={`${opened.name} is changed.`}
          onClose={closed}
        />
      )}
      {making && <NewConnectorDialog onClose={closed} />}
    </div>
  );
}

function ConnectorCard({
  connector,
  usage,
  onOpen,
}: {
  connector: Connector;
  usage: Usage | undefined;
  onOpen: () => void;
}) {
  const { endpoints, openConnections } = connector.status;
  const listening = endpoints.some((one) => one.listening);
  return (
    <section class="card" aria-label={connector.name}>
      <div class="page-head">
        <div class="card-head">
          <h2>{connector.name}</h2>
          <Badge kind={listening ? "good" : "warning"} text={listening ? "listening" : "not listening"} />
          <span class="muted">
            {endpoints.map(({ binding }) => binding).join(", ")} · {openConnections.toLocaleString()} open
            {usage !== undefined && usage.waiting > 0 ? ` · ${usage.waiting.toLocaleString()} waiting` : ""}
          </span>
        </div>
        {may("setReceiveConnector") && (
          <button type="button" aria-label={`Settings of ${connector.name}`} onClick={onOpen}>
            Settings…
          </button>
        )}
      </div>
      <div class="limits">
        {usage?.limits.map((one) => (
          <LimitBar key={one.limit} usage={one} />
        ))}
      </div>
    </section>
  );
}
