/**
 * Orders as Exchange's -SortOrder takes them: `+Size,-DateReceived`. Names without regard to case; without a sign
 * ascending. Source: Exchange, Get-Queue, Get-Message.
 */
import type { PropertyBag, PropertyValue } from "./opath-filter.ts";

export type CompareBags = (a: PropertyBag, b: PropertyBag) => number;

export type ParsedSortOrder =
  | { readonly ok: true; /** Undefined for an empty order. */ readonly compare: CompareBags | undefined }
  | { readonly ok: false; readonly message: string };

/** `properties`: what may be sorted by. What an object lacks comes first. */
export function parseSortOrder(text: string, properties: readonly string[]): ParsedSortOrder {
  const keys: { readonly property: string; readonly sign: 1 | -1 }[] = [];
  for (const part of text.split(",").map((one) => one.trim())) {
    if (part === "") continue;
    const [, sign = "", name = ""] = /^([+-]?)(.*)$/.exec(part) ?? [];
    const property = properties.find((known) => known.toLowerCase() === name.toLowerCase());
    if (property === undefined) {
      const message = `the sort order: there is no property ${name}; there are ${properties.join(", ")}`;
      return { ok: false, message };
    }
    keys.push({ property, sign: sign === "-" ? -1 : 1 });
  }
  if (keys.length === 0) return { ok: true, compare: undefined };
  return {
    ok: true,
    compare(a, b) {
      for (const { property, sign } of keys) {
        const order = compareValues(firstOf(a[property]), firstOf(b[property]));
        if (order !== 0) return order * sign;
      }
      return 0;
    },
  };
}

type Value = string | number | undefined;

function firstOf(value: PropertyValue): Value {
  return typeof value === "object" ? value[0] : value;
}

function compareValues(a: Value, b: Value): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  const left = typeof a === "string" ? a.toLowerCase() : a;
  const right = typeof b === "string" ? b.toLowerCase() : b;
  return left < right ? -1 : left > right ? 1 : 0;
}
