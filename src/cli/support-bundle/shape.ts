/**
 * A configuration without what it is about: its settings, numbers and one-word values stay, every other text becomes
 * `text-1`, the same for the same text. What may stay is listed, what must go is not: a setting that nobody has thought of is
 * hidden. Pure.
 */
import type { Vocabulary } from "./vocabulary.ts";

export type Shape = string | number | boolean | null | readonly Shape[] | { readonly [name: string]: Shape };

export interface Pseudonyms {
  /** The same for the same text, whatever its case. */
  of(text: string): string;
}

export function createPseudonyms(): Pseudonyms {
  const known = new Map<string, string>();
  return {
    of(text) {
      const key = text.toLowerCase();
      let name = known.get(key);
      if (name === undefined) known.set(key, (name = `text-${known.size + 1}`));
      return name;
    },
  };
}

/** `36MB`, `5m`, `2%`, `00:10:00`, `unlimited`: with a unit, so that no number that means something else passes. */
const quantity =
  /^(\d{1,6}(\.\d{1,3})? ?(ms|s|m|h|d|B|KB|MB|GB|TB|%)|\d{1,3}(\.\d{2})?(:\d{2}){2}|unlimited)$/i;
const secret = /password|secret|token|credential/i;

/** `at`: the setting it is a value of. A number that stands where a text belongs may be a telephone's. */
export function shapeOf(
  value: unknown,
  words: Vocabulary,
  pseudonyms: Pseudonyms,
  at = "",
  isSecret = false,
): Shape {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean") return value;
  if (typeof value === "number")
    return isSecret ? "hidden" : words.numbers.has(at) ? value : pseudonyms.of(String(value));
  if (typeof value === "string") {
    if (isSecret) return "hidden";
    return words.values.has(value) || quantity.test(value) ? value : pseudonyms.of(value);
  }
  if (Array.isArray(value)) return value.map((entry) => shapeOf(entry, words, pseudonyms, at, isSecret));
  if (typeof value !== "object") return "hidden";
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      words.names.has(name) ? name : pseudonyms.of(name),
      shapeOf(entry, words, pseudonyms, name, isSecret || secret.test(name)),
    ]),
  );
}
