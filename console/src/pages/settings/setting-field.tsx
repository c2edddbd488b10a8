/** One setting: its value in the control that fits its kind, its explanation, whether it is the default. */
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { SettingFact } from "../../../../src/config/setting-facts.ts";
import { Badge } from "../../components/badge.tsx";
import { Field } from "../../components/field.tsx";

/** How a value is written, where that is not plain. */
const examples: Readonly<Record<string, string>> = {
  bindings: "0.0.0.0:25",
  remoteIpRanges: "10.1.4.0/24, 10.1.5.7",
  addressSpaces: "*",
  smartHosts: "smtp.example.com:587",
  dropDirectory: "drop",
  candidate: '{ "maxInboundConnectionPerSource": 40 }',
  authenticationCredential: '{ "userName": "relay", "passwordFile": "smarthost-password" }',
};

export function SettingField({
  fact,
  isDefault,
  text,
  onEdit,
}: {
  fact: SettingFact;
  isDefault: boolean;
  text: string;
  onEdit: (text: string) => void;
}) {
  const choices = fact.kind === "true or false" ? ["true", "false"] : fact.choices;
  const more = [
    fact.range === undefined || choices !== undefined
      ? undefined
      : `${fact.kind[0]?.toUpperCase()}${fact.kind.slice(1)}: ${fact.range}.`,
    fact.default === undefined || fact.default === "" ? undefined : `Default ${fact.default}.`,
  ];
  const help = <Help text={[fact.help, ...more].filter((one) => one !== undefined).join(" ")} />;
  const badge = isDefault ? <Badge kind="plain" text="default" /> : undefined;
  if (choices !== undefined && fact.kind === "list")
    return (
      <ChoiceList label={fact.name} help={help} badge={badge} choices={choices} text={text} onEdit={onEdit} />
    );
  return (
    <Field
      label={fact.name}
      help={help}
      badge={badge}
      control={(ids) =>
        choices !== undefined ? (
          <select {...ids} value={text} onChange={(event) => onEdit(event.currentTarget.value)}>
            {!choices.includes(text) && <option value={text}>{text === "" ? "Default" : text}</option>}
            {choices.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        ) : (
          <input
            {...ids}
            value={text}
            placeholder={examples[fact.name] ?? ""}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => onEdit(event.currentTarget.value)}
          />
        )
      }
    />
  );
}

/** Help names values in backticks. */
function Help({ text }: { text: string }) {
  return (
    <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>
  );
}

/** Written as the others are, separated by commas; `[]` is none of them, where empty is the default. */
function ChoiceList({
  label,
  help,
  badge,
  choices,
  text,
  onEdit,
}: {
  label: string;
  help: ComponentChildren;
  badge: ComponentChildren;
  choices: readonly string[];
  text: string;
  onEdit: (text: string) => void;
}) {
  const id = useId();
  const chosen = new Set(
    text
      .replace(/[[\]"]/g, "")
      .split(",")
      .map((one) => one.trim()),
  );
  const toggle = (choice: string): void => {
    const next = choices.filter((one) => (one === choice ? !chosen.has(one) : chosen.has(one)));
    onEdit(next.length === 0 ? "[]" : next.join(", "));
  };
  return (
    <fieldset class="field" aria-describedby={`${id}-help`}>
      <legend class="field-head">
        {label} {badge}
      </legend>
      <div class="choices">
        {choices.map((choice) => (
          <label key={choice} class="check">
            <input type="checkbox" checked={chosen.has(choice)} onChange={() => toggle(choice)} /> {choice}
          </label>
        ))}
      </div>
      <p id={`${id}-help`} class="muted">
        {help}
      </p>
    </fieldset>
  );
}
