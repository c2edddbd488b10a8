/** Exchange's Unlimited<T>: a value, or the word `unlimited`, kept as Infinity. */
import type { Parsed } from "./parsed.ts";

export function isUnlimitedWord(input: unknown): boolean {
  return typeof input === "string" && input.trim().toLowerCase() === "unlimited";
}

export function parseUnlimited(
  input: string | number,
  parse: (input: string | number) => Parsed<number>,
): Parsed<number> {
  return isUnlimitedWord(input) ? { ok: true, value: Infinity } : parse(input);
}

export function formatUnlimited(value: number, format: (value: number) => string = String): string {
  return value === Infinity ? "unlimited" : format(value);
}
