/** The guided form for a new connector: the few settings that matter at first, and what is easily overlooked. */
import { useState } from "preact/hooks";
import type { Json } from "../../../../src/admin/contract/values.ts";
import type { SettingFact } from "../../../../src/config/setting-facts.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { ChangeActions } from "../settings/change-actions.tsx";
import type { Change } from "../settings/preview.tsx";
import { SettingField } from "../settings/setting-field.tsx";
import { valueOf } from "../settings/setting-text.ts";
import { useChange } from "../settings/use-change.ts";

/** The text given for a setting, trimmed; empty: its default. */
export type Given = (setting: string) => string;

export function NewConnectorDialog({
  kind,
  words,
  facts,
  asked,
  proposed,
  remarkable,
  create,
  onClose,
}: {
  /** What it is, in words: `receive connector`. */
  kind: string;
  words: string;
  facts: readonly SettingFact[];
  /** The settings of the form, in its order. */
  asked: readonly string[];
  /** Filled in already: the name, and settings as text. */
  proposed?: { readonly name: string; readonly settings: Readonly<Record<string, string>> } | undefined;
  /** What surprises those who go on with what is given so far, in sentences. */
  remarkable: (given: Given) => readonly string[];
  create: (input: { name: string; settings: Record<string, Json>; whatIf: boolean }) => Promise<Change>;
  onClose: () => void;
}) {
  const [name, setName] = useState(proposed?.name ?? "");
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>(proposed?.settings ?? {});
  const given: Given = (setting) => (texts[setting] ?? "").trim();
  const shown = asked.flatMap((setting) => facts.filter((fact) => fact.name === setting));
  const steps = useChange(
    (whatIf) => {
      const settings = Object.fromEntries(
        shown
          .filter((fact) => given(fact.name) !== "")
          .map((fact) => [fact.name, valueOf(fact, given(fact.name))]),
      );
      return create({ name: name.trim(), settings, whatIf });
    },
    { text: `${name.trim()} is there.`, after: onClose },
  );
  const warnings = remarkable(given);
  return (
    <Dialog title={`New ${kind}`} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void steps.run(true);
        }}
      >
        <p class="muted">{words}</p>
        <Field
          label="name"
          help={`Unique among ${kind}s.`}
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
        {shown.map((fact) => (
          <SettingField
            key={fact.name}
            fact={fact}
            isDefault={given(fact.name) === ""}
            text={texts[fact.name] ?? ""}
            onEdit={(text) => {
              setTexts({ ...texts, [fact.name]: text });
              steps.forget();
            }}
          />
        ))}
        {warnings.length > 0 && (
          <ul class="notes" aria-label="Mind">
            {warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        )}
        <ChangeActions steps={steps} onClose={onClose} />
      </form>
    </Dialog>
  );
}
