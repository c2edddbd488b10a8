/** What was read of an export: objects with properties, whatever form the file had. */
import { formatTimeSpan } from "../../../core/units/duration.ts";

export type ExportedValue =
  | string
  | number
  | boolean
  | null
  | readonly ExportedValue[]
  | { readonly [name: string]: ExportedValue };

export interface ExportedProperty {
  /** As the export spells it. */
  readonly name: string;
  readonly value: ExportedValue;
  /** The file does not hold the whole value: the list was cut (`...`), or only its type was written. */
  readonly lost?: "cut" | "typeName";
}

/** By name in lower case, in the order of the export. */
export type ExportedObject = ReadonlyMap<string, ExportedProperty>;

export function exportedObject(properties: Iterable<ExportedProperty>): ExportedObject {
  return new Map(Array.from(properties, (property) => [property.name.toLowerCase(), property]));
}

/** `System.Collections.ArrayList`, `Microsoft.Exchange.Data.MultiValuedProperty`1[…]`: a type in place of its values. */
export function isTypeName(value: ExportedValue): boolean {
  return typeof value === "string" && /^(?:System|Microsoft|Deserialized)\.[\w.`]+(?:\[.*\])?$/.test(value);
}

/** Names under which nested objects carry what they are, the most telling first. */
const telling = [
  "Expression",
  "IPAddressToString",
  "Address",
  "Name",
  "Value",
  "value",
  "Domain",
  "UserName",
  "DistinguishedName",
];
const mostNesting = 4;

/** One line of text; empty for nothing. A nested object gives the property that tells what it is. */
export function textOf(value: ExportedValue | undefined, depth = 0): string {
  if (value === null || value === undefined || depth > mostNesting) return "";
  if (typeof value !== "object") return typeof value === "string" ? value.trim() : String(value);
  if (isList(value))
    return value
      .map((item) => textOf(item, depth + 1))
      .filter((text) => text !== "")
      .join(", ");
  if (value["IsUnlimited"] === true) return "Unlimited";
  const range = endsOf(value, depth);
  if (range !== undefined) return range;
  const endpoint = endpointOf(value, depth);
  if (endpoint !== undefined) return endpoint;
  if (typeof value["Ticks"] === "number") return formatTimeSpan(value["Ticks"] / 10_000);
  const space = addressSpaceOf(value, depth);
  if (space !== undefined) return space;
  for (const name of telling) {
    const text = textOf(value[name], depth + 1);
    if (text !== "") return text;
  }
  return "";
}

/** Nothing is given: null, an empty text, an empty list. */
export function isEmptyValue(value: ExportedValue): boolean {
  return (
    value === null || (typeof value === "string" ? value.trim() === "" : isList(value) && value.length === 0)
  );
}

/** The items of a list. A text is cut at its separators; `separators` says which stand between items. */
export function itemsOf(
  value: ExportedValue | undefined,
  separators: RegExp = /[,;|\s]+/,
): readonly string[] {
  if (value === undefined || value === null) return [];
  const texts = isList(value) ? value.map((item) => textOf(item)) : splitText(textOf(value), separators);
  return texts.map((text) => text.trim()).filter((text) => text !== "");
}

function splitText(text: string, separators: RegExp): readonly string[] {
  return text
    .replace(/^\{([^]*)\}$/, "$1")
    .replace(/\s+-\s+/g, "-")
    .split(separators);
}

type Nested = { readonly [name: string]: ExportedValue };

export function isList(value: ExportedValue): value is readonly ExportedValue[] {
  return Array.isArray(value);
}

/** An IP range, `LowerBound` to `UpperBound`, which may stand without its text. */
function endsOf(value: Nested, depth: number): string | undefined {
  const [lower, upper] = [textOf(value["LowerBound"], depth + 1), textOf(value["UpperBound"], depth + 1)];
  if (lower === "" || upper === "" || textOf(value["Expression"]) !== "") return undefined;
  return lower === upper ? lower : `${lower}-${upper}`;
}

/** A binding: `Address` and `Port`. */
function endpointOf(value: Nested, depth: number): string | undefined {
  if (typeof value["Port"] !== "number" && typeof value["Port"] !== "string") return undefined;
  const address = textOf(value["Address"], depth + 1);
  if (address === "") return undefined;
  return `${address.includes(":") ? `[${address}]` : address}:${value["Port"]}`;
}

/** An address space: `Address` and `Cost`. */
function addressSpaceOf(value: Nested, depth: number): string | undefined {
  if (typeof value["Cost"] !== "number") return undefined;
  const [type, address] = [textOf(value["Type"], depth + 1), textOf(value["Address"], depth + 1)];
  return address === "" ? undefined : `${type === "" ? "smtp" : type}:${address};${value["Cost"]}`;
}
