/** All settings of a connector, each with its explanation and where its value comes from; or a few of them. */
import { useState } from "preact/hooks";
import type { SettingFact } from "../../../../src/config/setting-facts.ts";
import type { Json } from "../../../../src/admin/contract/values.ts";
import { Dialog } from "../../components/dialog.tsx";
import { ChangeActions } from "./change-actions.tsx";
import type { Change } from "./preview.tsx";
import { SettingField } from "./setting-field.tsx";
import { textOf, valueOf } from "./setting-text.ts";
import { useChange } from "./use-change.ts";

export function SettingsDialog({
  title,
  facts,
  settings,
  origins,
  proposed = {},
  change,
  done,
  onClose,
}: {
  title: string;
  facts: readonly SettingFact[];
  settings: Readonly<Record<string, Json>>;
  origins: Readonly<Record<string, "set" | "default" | "preset">>;
  /** Values filled in already, by setting. */
  proposed?: Readonly<Record<string, string>>;
  change: (settings: Record<string, Json>, whatIf: boolean) => Promise<Change>;
  /** Said once it is applied. */
  done: string;
  onClose: () => void;
}) {
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>(proposed);
  const [search, setSearch] = useState("");
  const changed = (): Record<string, Json> =>
    Object.fromEntries(
      facts
        .filter(({ name, kind }) => texts[name] !== undefined && texts[name] !== textOf(settings[name], kind))
        .map((fact) => [fact.name, valueOf(fact, texts[fact.name] ?? "")]),
    );
  const steps = useChange((whatIf) => change(changed(), whatIf), { text: done, after: onClose });
  const edit = (name: string, text: string): void => {
    setTexts({ ...texts, [name]: text });
    steps.forget();
  };
  const wanted = search.trim().toLowerCase();
  const shown = facts.filter(({ name, help }) => `${name} ${help}`.toLowerCase().includes(wanted));
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void steps.run(true);
        }}
      >
        {facts.length > 5 && (
          <label class="field">
            <span>Find a setting</span>
            <input type="search" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
          </label>
        )}
        {shown.map((fact) => (
          <SettingField
            key={fact.name}
            fact={fact}
            isDefault={origins[fact.name] !== "set"}
            text={texts[fact.name] ?? textOf(settings[fact.name], fact.kind)}
            onEdit={(text) => edit(fact.name, text)}
          />
        ))}
        <ChangeActions steps={steps} onClose={onClose} />
      </form>
    </Dialog>
  );
}
