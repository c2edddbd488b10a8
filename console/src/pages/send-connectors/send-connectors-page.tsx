/** Send connectors: where mail goes on to, what waits for each, their settings, their verbs. */
import type { Output } from "../../../../src/admin/contract.ts";
import { sendConnectorFacts } from "../../../../src/config/generated/setting-facts.ts";
import { call } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { UsageBar } from "../../components/usage-bar.tsx";
import { useLoaded } from "../../load.ts";
import { linkTo } from "../../router.ts";
import { ConnectorsPage, type ConnectorVerbs } from "../connectors/connectors-page.tsx";
import { textOf } from "../settings/setting-text.ts";
import { NewSendConnectorDialog } from "./new-send-connector-dialog.tsx";

type Connector = Output<"listSendConnectors">["connectors"][number];
type Queue = Output<"listQueues">["queues"][number];

const facts = sendConnectorFacts.filter(({ name }) => name !== "name");

const waitingText = ({ status }: Connector): string =>
  status.messages === 0
    ? "Nothing waits for it now."
    : `The ${status.messages === 1 ? "message that waits" : `${status.messages.toLocaleString()} messages that wait`} for it will be routed again: to another connector that serves the domain, else to the unreachable queue.`;

const verbs: ConnectorVerbs<Connector> = {
  operation: "setSendConnector",
  set: (input) => call("setSendConnector", input),
  enable: (input) => call("enableSendConnector", input),
  disable: (input) => call("disableSendConnector", input),
  remove: (input) => call("removeSendConnector", input),
  disabled: (connector) => `It takes no mail any more. ${waitingText(connector)}`,
  removed: (connector) => `It leaves the configuration with all its settings. ${waitingText(connector)}`,
};

export function SendConnectorsPage({ query }: { query: URLSearchParams }) {
  const [list, reload] = useLoaded("listSendConnectors", {}, 5_000);
  const [queues] = useLoaded("listQueues", {}, 3_000);
  return (
    <ConnectorsPage
      title="Send connectors"
      connectors={list?.connectors}
      wanted={query.get("name")}
      facts={facts}
      verbs={verbs}
      empty={<p>No send connector: what is received waits in the unreachable queue. “New…” makes one.</p>}
      summary={(connector) => (
        <>
          {connector.settings["enabled"] === false ? (
            <Badge kind="warning" text="disabled" />
          ) : (
            <Badge kind="good" text="enabled" />
          )}
          <span class="muted">
            <a href={linkTo("/events", { connector: connector.name })}>events</a> ·{" "}
            <a href={linkTo("/tracking", { connector: connector.name })}>messages</a>
          </span>
        </>
      )}
      details={(connector) => (
        <Details
          connector={connector}
          queues={queues?.queues.filter((queue) => queue.connector === connector.name) ?? []}
        />
      )}
      newDialog={(onClose) => (
        <NewSendConnectorDialog
          others={
            new Map(list?.connectors.map(({ name, settings }) => [name, [textOf(settings["addressSpaces"])]]))
          }
          onClose={onClose}
        />
      )}
      reload={reload}
    />
  );
}

function Details({ connector, queues }: { connector: Connector; queues: readonly Queue[] }) {
  const { settings, kind } = connector;
  const most = settings["maxConcurrentConnections"];
  const running = queues.reduce((sum, queue) => sum + queue.running, 0);
  const failing = queues.filter(({ lastError }) => lastError !== null);
  return (
    <div class="columns">
      <dl class="facts-list">
        <dt>For</dt>
        <dd>{textOf(settings["addressSpaces"])}</dd>
        <dt>{kind === "drop" ? "Writes to" : "Next hop"}</dt>
        <dd>{textOf(settings[kind === "drop" ? "dropDirectory" : "smartHosts"])}</dd>
        <dt>Waiting</dt>
        <dd>
          {queues.length === 0 && "nothing"}
          {queues.map((queue) => (
            <div key={queue.identity}>
              <a href={linkTo("/queues", { queue: queue.identity })}>
                {queue.messages === 1 ? "1 message" : `${queue.messages.toLocaleString()} messages`}
              </a>{" "}
              <span class="muted">{queue.status}</span>
            </div>
          ))}
        </dd>
        {failing.map(({ identity, lastError }) => (
          <>
            <dt>Last error</dt>
            <dd key={identity}>{lastError}</dd>
          </>
        ))}
      </dl>
      {kind === "smartHost" && (
        <div class="limit">
          <div class="limit-head">
            <span>maxConcurrentConnections</span>
            <span>
              {running.toLocaleString()} of {typeof most === "number" ? most.toLocaleString() : "unlimited"}
            </span>
          </div>
          <UsageBar value={running} peak={0} most={typeof most === "number" ? most : Infinity} />
        </div>
      )}
    </div>
  );
}
