/** Keys that programs hand mail in with over HTTP: whether they are taken, when they were used last, what they may do. */
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { apiKeyFacts } from "../../../../src/config/generated/setting-facts.ts";
import { call } from "../../api.ts";
import { Badge } from "../../components/badge.tsx";
import { SecretDialog } from "../../components/secret-dialog.tsx";
import { Time } from "../../components/time.tsx";
import { useLoaded } from "../../load.ts";
import { ConnectorsPage, type ConnectorVerbs } from "../connectors/connectors-page.tsx";
import { NewConnectorDialog as Guided } from "../connectors/new-connector-dialog.tsx";
import { textOf } from "../settings/setting-text.ts";

type Key = Output<"listApiKeys">["keys"][number];

/** What a key may do, and whose its mail is. */
const rights = ["sendAs", "receiveConnectors", "application", "messageRateLimit", "recipientRateLimit"];

const facts = apiKeyFacts.filter(({ name }) => name !== "name");

const verbs: ConnectorVerbs<Key> = {
  operation: "setApiKey",
  set: (input) => call("setApiKey", input),
  enable: ({ name, whatIf }) => call("setApiKey", { name, settings: { enabled: true }, whatIf }),
  disable: ({ name, whatIf }) => call("setApiKey", { name, settings: { enabled: false }, whatIf }),
  remove: (input) => call("removeApiKey", input),
  enabled: "What is handed in with it is taken again.",
  disabled: (key) => `What is handed in with it is refused from the next request on.${usedText(key)}`,
  removed: (key) =>
    `It leaves the configuration; what is handed in with it is refused, and it cannot be brought back.${usedText(key)}`,
};

function usedText({ status }: Key): string {
  return status.lastUsed === null
    ? " It was never used, as far as it is known."
    : ` It was used last at ${new Date(status.lastUsed).toLocaleString()}.`;
}

export function ApiKeysPage({ query }: { query: URLSearchParams }) {
  const [list, reload] = useLoaded("listApiKeys", {}, 5_000);
  const [made, setMade] = useState<{ readonly name: string; readonly secret: string }>();
  return (
    <>
      <ConnectorsPage
        title="API keys"
        connectors={list?.keys}
        wanted={query.get("name")}
        facts={facts}
        verbs={verbs}
        empty={
          <p>
            No API key. Programs that hand mail in over HTTP prove with one who they are; “New…” makes one.
          </p>
        }
        summary={(key) => <Summary apiKey={key} />}
        details={(key) => <Rights apiKey={key} />}
        newDialog={(onClose) => (
          <Guided
            kind="API key"
            words="Who has it may hand mail in by every receive connector that has ExchangeUsers in permissionGroups, to everybody and as anybody, unless it is limited here. It is shown once."
            facts={apiKeyFacts}
            asked={["expires", ...rights]}
            remarkable={(given) =>
              given("sendAs") === "" ? ["Without sendAs its mail may come from any address."] : []
            }
            create={async (input) => {
              const { key, ...change } = await call("newApiKey", input);
              if (key !== null) setMade({ name: input.name, secret: key });
              return change;
            }}
            onClose={onClose}
          />
        )}
        reload={reload}
      />
      {made !== undefined && (
        <SecretDialog
          title={`The API key ${made.name}`}
          secret={made.secret}
          onClose={() => setMade(undefined)}
        >
          <p>
            The program sends it with each request: <code>Authorization: Bearer …</code>
          </p>
        </SecretDialog>
      )}
    </>
  );
}

const states = { Active: "good", Disabled: "warning", Expired: "error" } as const;

function Summary({ apiKey: { status, settings } }: { apiKey: Key }) {
  const expires = textOf(settings["expires"]);
  return (
    <>
      <Badge kind={states[status.state]} text={status.state.toLowerCase()} />
      <span class="muted">
        {status.lastUsed === null ? (
          "never used"
        ) : (
          <>
            used last <Time at={status.lastUsed} whole />
          </>
        )}{" "}
        · {expires === "" ? "no end" : `ends ${expires}`}
        {status.recipientsLastDay > 0 &&
          ` · ${status.recipientsLastDay.toLocaleString()} recipients in 24 hours`}
      </span>
    </>
  );
}

function Rights({ apiKey: { settings } }: { apiKey: Key }) {
  return (
    <dl class="facts-list">
      {facts
        .filter(({ name }) => rights.includes(name))
        .map(({ name, kind, default: otherwise }) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{textOf(settings[name], kind) || <span class="muted">{otherwise}</span>}</dd>
          </Fragment>
        ))}
    </dl>
  );
}
