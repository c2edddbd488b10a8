/** From the properties of an exported connector to settings of one here, each with what became of it. */
import type { z } from "zod";
import { unparsable } from "../../../core/units/parsed.ts";
import type { Plain } from "../../edit-value.ts";
import type { SettingFact } from "../../setting-facts.ts";
import { canonicalName } from "../../setting-names.ts";
import {
  type ExportedObject,
  type ExportedProperty,
  isEmptyValue,
  textOf,
} from "../exported/exported-value.ts";
import { type Finding, type Outcome, plainText, written } from "../finding.ts";
import { fitSetting, isDefaultValue } from "../setting-fit.ts";
import { isNoSetting, saysNothing } from "./directory-properties.ts";
import { refusalText } from "./refusal-text.ts";
import { settingValue } from "./setting-value.ts";

export interface Carried {
  readonly settings: Readonly<Record<string, Plain>>;
  readonly findings: readonly Finding[];
}

/** What a property comes to where it is not simply the setting of the same name. */
export interface Special {
  /** Undefined: nothing is written. */
  readonly value: Plain | undefined;
  readonly outcome: Outcome;
  readonly text: string;
}

export interface Target {
  readonly section: "receiveConnectors" | "sendConnectors";
  readonly facts: readonly SettingFact[];
  readonly shape: Readonly<Record<string, z.ZodType>>;
  /** As the file would write it, where usage or kind presets one. */
  readonly preset: (setting: string) => unknown;
  /** By setting, or property in lower case; undefined: there is nothing special about this value. */
  readonly special: (
    name: string,
    property: ExportedProperty,
    value: Plain | undefined,
  ) => Special | undefined;
}

/** The name is not among the settings. Every property gets one finding. */
export function carrySettings(object: ExportedObject, target: Target): Carried {
  const settings: Record<string, Plain> = {};
  const findings: Finding[] = [];
  const byName = new Map(target.facts.map((fact) => [fact.name.toLowerCase(), fact]));
  for (const property of object.values()) {
    const setting = settingNamed(property.name, target.section, byName);
    const outcome = isNoSetting(property.name)
      ? { value: undefined, outcome: "nothing" as const, text: "" }
      : setting === undefined
        ? withoutSetting(property, target)
        : withSetting(property, setting, target);
    if (setting !== undefined && outcome.value !== undefined) settings[setting.name] = outcome.value;
    findings.push({
      property: property.name,
      value: textOf(property.value).replace(/\s+/g, " ") + (property.lost === "cut" ? ", ..." : ""),
      outcome: outcome.outcome,
      text: outcome.text,
    });
  }
  // In the order of the reference, whatever the order of the export.
  const ordered = target.facts.flatMap(({ name }): [string, Plain][] => {
    const value = settings[name];
    return value === undefined ? [] : [[name, value]];
  });
  return { settings: Object.fromEntries(ordered), findings };
}

function settingNamed(
  property: string,
  section: string,
  byName: ReadonlyMap<string, SettingFact>,
): SettingFact | undefined {
  return byName.get(property.toLowerCase()) ?? byName.get(canonicalName(property, section).toLowerCase());
}

function withoutSetting(property: ExportedProperty, { section, special }: Target): Special {
  const own = special(property.name.toLowerCase(), property, undefined);
  if (own !== undefined) return own;
  if (saysNothing(property.name, property.value)) return { value: undefined, outcome: "nothing", text: "" };
  const text = refusalText(section, property.name) ?? "there is no such setting here";
  return { value: undefined, outcome: "leftOut", text };
}

function withSetting(property: ExportedProperty, fact: SettingFact, target: Target): Special {
  const schema = target.shape[fact.name];
  if (schema === undefined) return { value: undefined, outcome: "nothing", text: "" };
  const isTypeOnly = property.lost === "typeName";
  const read = isTypeOnly ? unparsable(typeOnly) : settingValue(fact, property.value);
  const isDefault = (value: Plain): boolean => isDefaultValue(schema, value, target.preset(fact.name));
  const own = target.special(fact.name, property, read.ok ? read.value : undefined);
  // What is the default is not written, however it came about.
  if (own !== undefined)
    return own.value !== undefined && isDefault(own.value) ? { ...own, value: undefined } : own;
  if (isEmptyValue(property.value)) return { value: undefined, outcome: "nothing", text: "" };
  const fit = read.ok ? fitSetting(schema, read.value) : read;
  if (!fit.ok) return { value: undefined, outcome: "leftOut", text: fit.message };
  const { value, dropped } = fit.value;
  if (property.lost === "cut") return { value, outcome: "differs", text: cutText(value) };
  if (dropped.length > 0)
    return { value, outcome: "differs", text: `${written(fact.name, value)}; not: ${dropped.join("; ")}` };
  return isDefault(value)
    ? { value: undefined, outcome: "default", text: "" }
    : { value, outcome: "carriedOver", text: written(fact.name, value) };
}

const typeOnly =
  "the export holds only the name of its type; write it with | Format-List, | ConvertTo-Json or | Export-Clixml";

export const cutAdvice =
  "set $FormatEnumerationLimit = -1 before | Format-List, or write it with | ConvertTo-Json or | Export-Clixml";

function cutText(value: Plain): string {
  return `the export cut the list (...): only ${plainText(value)} came along; ${cutAdvice}`;
}
