/** A new receive connector: whom it is for, where it listens, and what is easily overlooked about it. */
import { useState } from "preact/hooks";
import type { Json } from "../../../../src/admin/contract/values.ts";
import { receiveConnectorFacts } from "../../../../src/config/setting-facts-table.ts";
import { call } from "../../api.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { ChangeActions } from "../settings/change-actions.tsx";
import { SettingField } from "../settings/settings-dialog.tsx";
import { valueOf } from "../settings/setting-text.ts";
import { useChange } from "../settings/use-change.ts";

const asked = [
  "usage",
  "bindings",
  "remoteIpRanges",
  "permissionGroups",
  "maxInboundConnectionPerSource",
  "maxInboundConnectionPercentagePerSource",
];
const facts = receiveConnectorFacts
  .filter(({ name }) => asked.includes(name))
  .sort((a, b) => asked.indexOf(a.name) - asked.indexOf(b.name));

export function NewConnectorDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const change = (whatIf: boolean) => {
    const settings: Record<string, Json> = Object.fromEntries(
      facts
        .filter((fact) => (texts[fact.name] ?? "").trim() !== "")
        .map((fact) => [fact.name, valueOf(fact, texts[fact.name] ?? "")]),
    );
    return call("newReceiveConnector", { name: name.trim(), settings, whatIf });
  };
  const steps = useChange(change, { text: `${name.trim()} is there.`, after: onClose });
  const usage = texts["usage"] ?? "";
  const warnings = remarkable(usage, texts);
  return (
    <Dialog title="New receive connector" onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void steps.run(true);
        }}
      >
        <Field
          label="name"
          help="Unique among receive connectors."
          control={(ids) => (
            <input
              {...ids}
              value={name}
              required
              maxLength={64}
              autocomplete="off"
              onInput={(event) => {
                setName(event.currentTarget.value);
                steps.forget();
              }}
            />
          )}
        />
        {facts.map((fact) => (
          <SettingField
            key={fact.name}
            fact={fact}
            isDefault={(texts[fact.name] ?? "") === ""}
            text={texts[fact.name] ?? ""}
            onEdit={(text) => {
              setTexts({ ...texts, [fact.name]: text });
              steps.forget();
            }}
          />
        ))}
        {warnings.map((warning) => (
          <p key={warning} class="fault">
            {warning}
          </p>
        ))}
        <ChangeActions steps={steps} onClose={onClose} />
      </form>
    </Dialog>
  );
}

/** What surprises those who take the defaults. */
function remarkable(usage: string, texts: Readonly<Record<string, string>>): readonly string[] {
  const given = (setting: string): string => (texts[setting] ?? "").trim();
  const found: string[] = [];
  if (usage !== "default" && given("maxInboundConnectionPerSource") === "")
    found.push(
      "An application gets 20 connections from one address; one that sends from a pool may want more.",
    );
  if (usage !== "default" && given("maxInboundConnectionPercentagePerSource") === "")
    found.push("One address also gets at most 2 % of the connections that are free.");
  if (/anonymous/i.test(given("permissionGroups")) && given("remoteIpRanges") === "")
    found.push(
      "Anonymous users from every address may connect. If they are let relay as well, this is an open relay: name the addresses in remoteIpRanges.",
    );
  return found;
}
