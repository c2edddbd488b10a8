/** Send connectors: where mail goes on to, what waits for each, their settings, their verbs. */
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { sendConnectorFacts } from "../../../../src/config/generated/setting-facts.ts";
import { call, may } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { UsageBar } from "../../components/usage-bar.tsx";
import { useLoaded } from "../../load.ts";
import { visible } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";
import { localTimes, relativeText, timeText } from "../../time-text.ts";
import { ConnectorsPage, type ConnectorVerbs } from "../connectors/connectors-page.tsx";
import { textOf } from "../settings/setting-text.ts";
import { Budgets } from "./budgets.tsx";
import { NewSendConnectorDialog } from "./new-send-connector-dialog.tsx";
import { TestDialog } from "./test-dialog.tsx";
import { TlsResults } from "./tls-results.tsx";

type Connector = Output<"listSendConnectors">["connectors"][number];
type Queue = Output<"listQueues">["queues"][number];
type Budget = Output<"listSendBudgets">["budgets"][number];

const targetSettings = {
  smartHost: "smartHosts",
  drop: "dropDirectory",
  graph: "graphRoot",
} as const;
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
  const [budgets] = useLoaded("listSendBudgets", {}, 3_000);
  const [tested, setTested] = useState<string>();
  const budgetsOf = ({ name }: Connector): readonly Budget[] =>
    budgets?.budgets.filter(({ connectors }) => connectors.includes(name)) ?? [];
  const queuesOf = ({ name }: Connector): readonly Queue[] =>
    queues?.queues.filter(({ connector }) => connector === name) ?? [];
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
          <Badge {...states[connector.status.state]} />
          <span class="muted">
            <a href={linkTo("/events", { connector: connector.name })}>events</a> ·{" "}
            <a href={linkTo("/tracking", { connector: connector.name })}>messages</a>
          </span>
          {may("testSendConnector") && (
            <button type="button" onClick={() => setTested(connector.name)}>
              Test…
            </button>
          )}
        </>
      )}
      details={(connector) => (
        <Details connector={connector} queues={queuesOf(connector)} budgets={budgetsOf(connector)} />
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
    >
      {tested !== undefined && <TestDialog name={tested} onClose={() => setTested(undefined)} />}
    </ConnectorsPage>
  );
}

const states = {
  Ready: { kind: "good", text: "enabled" },
  CannotReach: { kind: "error", text: "cannot reach" },
  PutOff: { kind: "warning", text: "put off" },
  Suspended: { kind: "warning", text: "suspended" },
  Disabled: { kind: "warning", text: "disabled" },
} as const;

/** Which mail it is for. */
const onlyFor = [
  ["From senders", "senderSpaces"],
  ["Through receive connectors", "receiveConnectors"],
  ["Of applications", "applications"],
] as const;

/** Of the queues of a connector that has one for each domain. */
const mostShown = 5;

function Details({
  connector,
  queues,
  budgets,
}: {
  connector: Connector;
  queues: readonly Queue[];
  budgets: readonly Budget[];
}) {
  const { settings, kind } = connector;
  const most = settings["maxConcurrentConnections"];
  const running = queues.reduce((sum, queue) => sum + queue.running, 0);
  const failing = queues.filter(
    ({ lastError, waitsForTurn, status, holds }) =>
      lastError !== waitsForTurn && (status === "Retry" || holds.length === 0),
  );
  const holds = queues.flatMap((queue) => queue.holds);
  return (
    <div class="columns">
      <dl class="facts-list">
        <dt>For</dt>
        <dd>{textOf(settings["addressSpaces"])}</dd>
        {onlyFor.map(([title, setting]) => {
          const text = textOf(settings[setting] ?? []);
          return (
            text !== "" && (
              <Fragment key={setting}>
                <dt>{title}</dt>
                <dd>{text}</dd>
              </Fragment>
            )
          );
        })}
        <dt>{kind === "drop" ? "Writes to" : "Next hop"}</dt>
        <dd>
          {kind === "dns" ? "the mail exchangers of each domain" : textOf(settings[targetSettings[kind]])}
        </dd>
        <dt>Waiting</dt>
        <dd>
          {queues.length === 0 && "nothing"}
          {queues.slice(0, mostShown).map((queue) => (
            <div key={queue.identity}>
              <a href={linkTo("/queues", { queue: queue.identity })}>
                {queue.messages === 1 ? "1 message" : `${queue.messages.toLocaleString()} messages`}
              </a>{" "}
              <span class="muted">
                {queue.status}
                {kind === "dns" && ` to ${queue.nextHop}`}
              </span>
            </div>
          ))}
          {queues.length > mostShown && (
            <span class="muted">and {(queues.length - mostShown).toLocaleString()} more domains</span>
          )}
        </dd>
        {kind === "dns" && may("listTlsReports") && <TlsResults />}
        {connector.status.fallback !== null && (
          <>
            <dt>Its mail goes by</dt>
            <dd>
              <a href={linkTo("/send-connectors", { name: connector.status.fallback })}>
                {connector.status.fallback}
              </a>
            </dd>
          </>
        )}
        {failing.slice(0, mostShown).map(({ identity, lastError, nextRetryAt }) => (
          <Fragment key={identity}>
            <dt>Last error</dt>
            <dd>
              <span class="fault-text">{localTimes(lastError ?? "")}</span>
              {nextRetryAt !== null && <span class="muted"> Next attempt {relativeText(nextRetryAt)}.</span>}
            </dd>
          </Fragment>
        ))}
        {holds.map(({ mailbox, until, error, advice }) => (
          <Fragment key={mailbox ?? ""}>
            <dt>Held</dt>
            <dd>
              mail of {mailbox ?? "everybody"} until {timeText(until)}:{" "}
              <span class="fault-text">{visible(error)}</span>
              {advice !== "" && <p>{advice}</p>}
            </dd>
          </Fragment>
        ))}
      </dl>
      <div class="limits">
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
        <Budgets budgets={budgets} />
      </div>
    </div>
  );
}
