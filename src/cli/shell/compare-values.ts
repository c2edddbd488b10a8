/** How values of properties compare: numbers with sizes and time spans as people write them, instants, texts. */
import { parseByteSize } from "../../core/units/byte-size.ts";
import { parseDuration } from "../../core/units/duration.ts";
import { wildcard } from "../wildcard.ts";

/** Below 0, 0, above 0. Nothing comes first and is the empty text; `unlimited` is more than any number. */
export function compareValues(a: unknown, b: unknown): number {
  if (isNothing(a) || isNothing(b)) return Number(isNothing(b)) - Number(isNothing(a));
  const [left, right] = [plain(a), plain(b)];
  if (typeof left === "boolean" || typeof right === "boolean")
    return Number(isTrue(left)) - Number(isTrue(right));
  const numbers = numbersOf(left, right);
  if (numbers !== undefined) return numbers[0] < numbers[1] ? -1 : numbers[0] > numbers[1] ? 1 : 0;
  const [one, other] = [String(left).toLowerCase(), String(right).toLowerCase()];
  return one < other ? -1 : one > other ? 1 : 0;
}

export function isTrue(value: unknown): boolean {
  if (typeof value === "string") return value !== "" && !/^\$?false$/i.test(value);
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

export function isLike(text: string, pattern: string): boolean {
  return wildcard(pattern)?.(text) ?? text.toLowerCase() === pattern.toLowerCase();
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || value === "";
}

function plain(value: unknown): string | number | boolean {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") return value;
  return Array.isArray(value) ? value.map(String).join(", ") : JSON.stringify(value);
}

/** Undefined: they are texts. */
function numbersOf(a: string | number, b: string | number): readonly [number, number] | undefined {
  for (const read of [numberOf, instantOf, sizeOf, durationOf]) {
    const [left, right] = [read(a), read(b)];
    if (left !== undefined && right !== undefined) return [left, right];
  }
  return undefined;
}

function numberOf(value: string | number): number | undefined {
  if (typeof value === "number") return value;
  if (value.toLowerCase() === "unlimited") return Number.POSITIVE_INFINITY;
  return /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
}

function sizeOf(value: string | number): number | undefined {
  if (typeof value === "number") return value;
  const size = parseByteSize(value);
  return size.ok ? size.value : numberOf(value);
}

function durationOf(value: string | number): number | undefined {
  if (typeof value === "number") return value;
  const duration = parseDuration(value);
  return duration.ok ? duration.value : numberOf(value);
}

function instantOf(value: string | number): number | undefined {
  if (typeof value === "number" || !/^\d{1,4}[-/]\d{1,2}[-/]\d{1,4}(?:[T ]|$)/.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at;
}
