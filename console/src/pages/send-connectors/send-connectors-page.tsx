/** Send connectors: where mail goes on to, what waits for each, their settings. */
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { sendConnectorFacts } from "../../../../src/config/setting-facts-table.ts";
import { call, may } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { Table } from "../../components/table.tsx";
import { useLoaded } from "../../load.ts";
import { SettingsDialog } from "../settings/settings-dialog.tsx";
import { textOf } from "../settings/setting-text.ts";

type Connector = Output<"listSendConnectors">["connectors"][number];

const facts = sendConnectorFacts.filter(({ name }) => name !== "name");

export function SendConnectorsPage() {
  const [list, reload] = useLoaded("listSendConnectors", {}, 5_000);
  const [opened, setOpened] = useState<Connector>();
  return (
    <div class="page">
      <h1>Send connectors</h1>
      {list !== undefined && (
        <Table
          label="Send connectors"
          rows={list.connectors}
          rowKey={({ name }) => name}
          empty="No send connector: received mail waits."
          columns={[
            { title: "Name", cell: ({ name }) => name },
            {
              title: "Enabled",
              cell: ({ settings }) =>
                settings["enabled"] === false ? (
                  <Badge kind="warning" text="disabled" />
                ) : (
                  <Badge kind="good" text="enabled" />
                ),
            },
            {
              title: "Next hop",
              cell: ({ kind, settings }) =>
                kind === "drop"
                  ? `folder ${textOf(settings["dropDirectory"])}`
                  : textOf(settings["smartHosts"]),
            },
            { title: "Queues", numeric: true, cell: ({ status }) => status.queues.toLocaleString() },
            { title: "Messages", numeric: true, cell: ({ status }) => status.messages.toLocaleString() },
            {
              title: "Actions",
              cell: (connector) =>
                may("setSendConnector") && (
                  <button
                    type="button"
                    aria-label={`Settings of ${connector.name}`}
                    onClick={() => setOpened(connector)}
                  >
                    Settings…
                  </button>
                ),
            },
          ]}
        />
      )}
      {opened !== undefined && (
        <SettingsDialog
          title={`Settings of ${opened.name}`}
          facts={facts}
          settings={opened.settings}
          origins={opened.origins}
          change={(settings, whatIf) => call("setSendConnector", { name: opened.name, settings, whatIf })}
          done={`${opened.name} is changed.`}
          onClose={() => {
            setOpened(undefined);
            reload();
          }}
        />
      )}
    </div>
  );
}
