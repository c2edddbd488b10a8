/** `… | ConvertTo-Json`: one object or a list, nested values as deep as -Depth let them be. */
import { type Parsed, parsed, unparsable } from "../../../core/units/parsed.ts";
import {
  type ExportedObject,
  type ExportedValue,
  exportedObject,
  isList,
  isTypeName,
} from "./exported-value.ts";

export function readJson(text: string): Parsed<readonly ExportedObject[]> {
  let value: ExportedValue;
  try {
    value = JSON.parse(text.trim()) as ExportedValue;
  } catch (fault) {
    return unparsable(`is no whole JSON: ${fault instanceof Error ? fault.message : String(fault)}`);
  }
  return parsed(objectsOf(value).map(objectOf));
}

type Section = { readonly [name: string]: ExportedValue };

function objectsOf(value: ExportedValue): readonly Section[] {
  if (isList(value)) return value.flatMap((item) => (isSection(item) ? [item] : []));
  if (!isSection(value)) return [];
  const inner = wrappedList(value);
  return inner === undefined ? [value] : objectsOf(inner);
}

function isSection(value: ExportedValue): value is Section {
  return typeof value === "object" && value !== null && !isList(value);
}

/** Windows PowerShell writes some lists as `{"value":[…],"Count":2}`. */
function wrappedList(value: Section): readonly ExportedValue[] | undefined {
  const inner = value["value"];
  return inner !== undefined && isList(inner) && value["Count"] !== undefined ? inner : undefined;
}

function objectOf(section: Section): ExportedObject {
  return exportedObject(
    Object.entries(section).map(([name, value]) => {
      const plain = isSection(value) ? (wrappedList(value) ?? value) : value;
      return { name, value: plain, ...(isTypeName(plain) ? { lost: "typeName" as const } : {}) };
    }),
  );
}
