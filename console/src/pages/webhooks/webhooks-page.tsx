/** URLs that are told of events: whether they take them, what waits, and a button that tries one. */
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { webhookFacts } from "../../../../src/config/generated/setting-facts.ts";
import { call, may } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { Time } from "../../components/time.tsx";
import { failed, told } from "../../components/toast.tsx";
import { useLoaded } from "../../load.ts";
import { ConnectorsPage, type ConnectorVerbs } from "../connectors/connectors-page.tsx";
import { NewConnectorDialog as Guided } from "../connectors/new-connector-dialog.tsx";
import { textOf } from "../settings/setting-text.ts";

type Webhook = Output<"listWebhooks">["webhooks"][number];

const facts = webhookFacts.filter(({ name }) => name !== "name");
const shown = ["url", "urlFile", "events", "format", "secretFile", "groupInterval", "expirationTimeout"];

const verbs: ConnectorVerbs<Webhook> = {
  operation: "setWebhook",
  set: (input) => call("setWebhook", input),
  enable: ({ name, whatIf }) => call("setWebhook", { name, settings: { enabled: true }, whatIf }),
  disable: ({ name, whatIf }) => call("setWebhook", { name, settings: { enabled: false }, whatIf }),
  remove: (input) => call("removeWebhook", input),
  enabled: "It is told what happens again, and first what waited.",
  disabled: () => "It is told nothing; what waits, waits.",
  removed: ({ status }) =>
    `It leaves the configuration.${status.waitingEvents > 0 ? ` ${status.waitingEvents} events that it was not told of yet go with it.` : ""}`,
};

export function WebhooksPage({ query }: { query: URLSearchParams }) {
  const [list, reload] = useLoaded("listWebhooks", {}, 5_000);
  return (
    <ConnectorsPage
      title="Webhooks"
      connectors={list?.webhooks}
      wanted={query.get("name")}
      facts={facts}
      verbs={verbs}
      empty={
        <p>
          No webhook. One tells a URL, or a channel of Teams or Slack, what is remarkable about applications,
          or other events; “New…” makes one.
        </p>
      }
      summary={(webhook) => <Summary webhook={webhook} />}
      details={(webhook) => <Details webhook={webhook} reload={reload} />}
      newDialog={(onClose) => (
        <Guided
          kind="webhook"
          words="Events are told there by POST. A URL that is a secret by itself, as those of Teams and Slack are, is better kept in a file of the relay's machine: urlFile."
          facts={webhookFacts}
          asked={["url", "urlFile", "format", "events", "secretFile"]}
          remarkable={(given) =>
            given("format") === "" && given("secretFile") === ""
              ? ["Without secretFile its receiver cannot tell who sent it."]
              : []
          }
          create={(input) => call("newWebhook", input)}
          onClose={onClose}
        />
      )}
      reload={reload}
    />
  );
}

const kinds = { Disabled: "warning", Ready: "good", Waiting: "good", Retry: "error", Gone: "error" } as const;

function Summary({ webhook: { status } }: { webhook: Webhook }) {
  return (
    <>
      <Badge kind={kinds[status.state]} text={status.state.toLowerCase()} />
      <span class="muted">
        {status.host} ·{" "}
        {status.lastTaken === null ? (
          "nothing taken since the start"
        ) : (
          <>
            took events last <Time at={status.lastTaken} whole />
          </>
        )}
        {status.waitingEvents > 0 && ` · ${status.waitingEvents.toLocaleString()} wait`}
        {status.lostEvents > 0 && ` · ${status.lostEvents.toLocaleString()} given up`}
      </span>
    </>
  );
}

function Details({ webhook, reload }: { webhook: Webhook; reload: () => void }) {
  const { name, settings, status } = webhook;
  return (
    <>
      <dl class="facts-list">
        {facts
          .filter((fact) => shown.includes(fact.name) && textOf(settings[fact.name], fact.kind) !== "")
          .map((fact) => (
            <Fragment key={fact.name}>
              <dt>{fact.name}</dt>
              <dd>{textOf(settings[fact.name], fact.kind)}</dd>
            </Fragment>
          ))}
        {status.lastError !== null && (
          <>
            <dt>last answer</dt>
            <dd>
              {status.lastError}
              {status.nextAttempt !== null && (
                <>
                  {" "}
                  · tried again <Time at={status.nextAttempt} whole />
                </>
              )}
            </dd>
          </>
        )}
      </dl>
      {may("testWebhook") && <TestButton name={name} reload={reload} />}
    </>
  );
}

function TestButton({ name, reload }: { name: string; reload: () => void }) {
  const [busy, setBusy] = useState(false);
  const test = async (): Promise<void> => {
    setBusy(true);
    try {
      const { ok, answer, elapsedMs } = await call("testWebhook", { name });
      if (ok) told(`${name} took the test event, after ${elapsedMs} ms: ${answer}`);
      else failed(new Error(`${name} did not take the test event: ${answer}`));
    } catch (error) {
      failed(error);
    }
    setBusy(false);
    reload();
  };
  return (
    <p>
      <button type="button" disabled={busy} onClick={() => void test()}>
        Send a test event
      </button>
    </p>
  );
}
