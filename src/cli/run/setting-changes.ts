/** From a command's arguments to the settings the relay is asked to change. */
import type { Parameter } from "../cmdlet.ts";
import type { SettingFact } from "../../config/setting-facts.ts";
import { isListChange, type Arguments, type ListChange } from "../arguments/value.ts";
import { CommandFault } from "../exit-code.ts";
import { settingParameters } from "../cmdlets/setting-parameters.ts";

export type PlainValue = string | number | boolean | null | PlainValue[] | { [key: string]: PlainValue };
export type Settings = Record<string, PlainValue>;

/** `current` gives the setting's list as it is now, for `@{Add=…;Remove=…}`. Asked for only where one is given. */
export async function givenSettings(
  args: Arguments,
  facts: readonly SettingFact[],
  current: () => Promise<Readonly<Record<string, unknown>>>,
): Promise<Settings> {
  const given: Settings = {};
  for (const parameter of settingParameters(facts)) {
    const { name, setting } = parameter;
    const value = args.get(name);
    if (value === undefined || setting === undefined) continue;
    if (isListChange(value)) given[setting] = changedList(parameter, (await current())[setting], value);
    else if (Array.isArray(value)) given[setting] = [...value] as PlainValue[];
    else given[setting] = value as PlainValue;
  }
  return given;
}

/** Kinds of setting by name, for printing. */
export function kindsOf(facts: readonly SettingFact[]): ReadonlyMap<string, string> {
  return new Map(facts.map(({ name, kind }) => [name, kind]));
}

function changedList({ name }: Parameter, now: unknown, { add, remove }: ListChange): PlainValue[] {
  const list = Array.isArray(now) ? now.map(String) : [];
  const isIn = (item: string, items: readonly string[]): boolean =>
    items.some((other) => other.toLowerCase() === item.toLowerCase());
  const missing = remove.filter((item) => !isIn(item, list));
  if (missing.length > 0)
    throw new CommandFault(
      `-${name} has no ${missing.join(", ")} to remove; it is ${list.join(", ") || "empty"}`,
    );
  const kept = list.filter((item) => !isIn(item, remove));
  return [...kept, ...add.filter((item) => !isIn(item, kept))];
}
