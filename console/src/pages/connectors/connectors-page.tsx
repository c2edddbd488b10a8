/** What the pages of receive and of send connectors share: a card for each, its verbs, and the dialogs they open. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Json } from "../../../../src/admin/contract/values.ts";
import type { OperationName } from "../../../../src/admin/routes.ts";
import type { SettingFact } from "../../../../src/config/setting-facts.ts";
import { may } from "../../api.ts";
import { EmptyState } from "../../components/table.tsx";
import { ChangeDialog } from "../settings/change-dialog.tsx";
import type { Change } from "../settings/preview.tsx";
import { SettingsDialog } from "../settings/settings-dialog.tsx";

/** What both kinds have; the rest is the page's. */
export interface AnyConnector {
  readonly name: string;
  readonly settings: Readonly<Record<string, Json>>;
  readonly origins: Readonly<Record<string, "set" | "default" | "preset">>;
}

type Edit = (input: { name: string; whatIf: boolean }) => Promise<Change>;

export interface ConnectorVerbs<Connector> {
  /** Who may do this may do them all. */
  readonly operation: OperationName;
  readonly set: (input: { name: string; settings: Record<string, Json>; whatIf: boolean }) => Promise<Change>;
  readonly enable: Edit;
  readonly disable: Edit;
  readonly remove: Edit;
  /** What comes of it, in sentences. */
  readonly enabled?: string;
  readonly disabled: (connector: Connector) => string;
  readonly removed: (connector: Connector) => string;
}

type Verb = "settings" | "enable" | "disable" | "remove";

export function ConnectorsPage<Connector extends AnyConnector>({
  title,
  connectors,
  wanted,
  facts,
  verbs,
  empty,
  summary,
  details,
  newDialog,
  reload,
  children,
}: {
  title: string;
  connectors: readonly Connector[] | undefined;
  /** The one a link is for: it stands first. */
  wanted: string | null;
  facts: readonly SettingFact[];
  verbs: ConnectorVerbs<Connector>;
  empty: ComponentChildren;
  /** Beside the name: badges and the little that tells it from others. */
  summary: (connector: Connector) => ComponentChildren;
  details: (connector: Connector) => ComponentChildren;
  newDialog: (onClose: () => void) => ComponentChildren;
  reload: () => void;
  children?: ComponentChildren;
}) {
  const [opened, setOpened] = useState<{ readonly verb: Verb; readonly connector: Connector }>();
  const [making, setMaking] = useState(false);
  const close = (): void => {
    setOpened(undefined);
    setMaking(false);
    reload();
  };
  const isWanted = ({ name }: Connector): boolean => name === wanted;
  const shown = connectors && [...connectors].sort((a, b) => Number(isWanted(b)) - Number(isWanted(a)));
  return (
    <div class="page">
      <header class="page-head">
        <h1>{title}</h1>
        {may(verbs.operation) && (
          <button type="button" class="primary" onClick={() => setMaking(true)}>
            New…
          </button>
        )}
      </header>
      {shown?.length === 0 && <EmptyState>{empty}</EmptyState>}
      {shown?.map((connector) => (
        <section
          key={connector.name}
          class={isWanted(connector) ? "card wanted" : "card"}
          aria-label={connector.name}
        >
          <div class="page-head">
            <div class="card-head">
              <h2>{connector.name}</h2>
              {summary(connector)}
            </div>
            {may(verbs.operation) && (
              <VerbButtons
                name={connector.name}
                isEnabled={connector.settings["enabled"] !== false}
                onVerb={(verb) => setOpened({ verb, connector })}
              />
            )}
          </div>
          {typeof connector.settings["comment"] === "string" && connector.settings["comment"] !== "" && (
            <p class="muted">{connector.settings["comment"]}</p>
          )}
          {details(connector)}
        </section>
      ))}
      {children}
      {opened !== undefined && (
        <VerbDialog
          verb={opened.verb}
          connector={opened.connector}
          facts={facts}
          verbs={verbs}
          onClose={close}
        />
      )}
      {making && newDialog(close)}
    </div>
  );
}

function VerbButtons({
  name,
  isEnabled,
  onVerb,
}: {
  name: string;
  isEnabled: boolean;
  onVerb: (verb: Verb) => void;
}) {
  return (
    <div class="actions">
      <button type="button" aria-label={`Settings of ${name}`} onClick={() => onVerb("settings")}>
        Settings…
      </button>
      <button
        type="button"
        aria-label={`${isEnabled ? "Disable" : "Enable"} ${name}`}
        onClick={() => onVerb(isEnabled ? "disable" : "enable")}
      >
        {isEnabled ? "Disable…" : "Enable…"}
      </button>
      <button type="button" aria-label={`Remove ${name}`} onClick={() => onVerb("remove")}>
        Remove…
      </button>
    </div>
  );
}

function VerbDialog<Connector extends AnyConnector>({
  verb,
  connector,
  facts,
  verbs,
  onClose,
}: {
  verb: Verb;
  connector: Connector;
  facts: readonly SettingFact[];
  verbs: ConnectorVerbs<Connector>;
  onClose: () => void;
}) {
  const { name } = connector;
  if (verb === "settings")
    return (
      <SettingsDialog
        title={`Settings of ${name}`}
        facts={facts}
        settings={connector.settings}
        origins={connector.origins}
        change={(settings, whatIf) => verbs.set({ name, settings, whatIf })}
        done={`${name} is changed.`}
        onClose={onClose}
      />
    );
  const words = {
    enable: { title: "Enable", text: verbs.enabled ?? "It takes mail again.", done: "is enabled" },
    disable: { title: "Disable", text: verbs.disabled(connector), done: "is disabled" },
    remove: { title: "Remove", text: verbs.removed(connector), done: "is removed" },
  }[verb];
  return (
    <ChangeDialog
      title={`${words.title} ${name}?`}
      words={words.text}
      verb={words.title}
      isDanger={verb !== "enable"}
      change={(whatIf) => verbs[verb]({ name, whatIf })}
      done={`${name} ${words.done}.`}
      onClose={onClose}
    />
  );
}
