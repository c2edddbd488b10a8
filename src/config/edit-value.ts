/** Writes values as YAML, the way the configuration is written by hand. */
import { parseDocument } from "yaml";
import { yamlOptions } from "./yaml-source.ts";

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** On one line, fit for block and flow context. */
export function flowText(value: Plain): string {
  if (typeof value === "string") return isPlainWord(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Plain[]).map(flowText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${keyText(key)}: ${flowText(item)}`);
    return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
  }
  return JSON.stringify(value);
}

/** A section's settings on lines of their own, without line ends; sections within it stand indented below. */
export function blockLines(section: { readonly [key: string]: Plain }): string[] {
  return Object.entries(section).flatMap(([key, value]) =>
    isFilledSection(value)
      ? [`${keyText(key)}:`, ...blockLines(value).map((line) => `  ${line}`)]
      : [`${keyText(key)}: ${flowText(value)}`],
  );
}

/** Not for lists. */
export function isFilledSection(value: Plain): value is { readonly [key: string]: Plain } {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
  );
}

export function keyText(key: string): string {
  return /^[A-Za-z][A-Za-z0-9\\_-]*$/.test(key) ? key : JSON.stringify(key);
}

/** True for what YAML reads back as this very text without quotes: `AppRelay`, `25MB`, `00:05:00`. */
function isPlainWord(text: string): boolean {
  if (!/^[A-Za-z0-9$][A-Za-z0-9$_.:/@+=-]{0,200}$/.test(text) || text.endsWith(":")) return false;
  // Readers of YAML 1.1 take these for something else.
  if (/^(?:y|n|yes|no|on|off|[\d:]+)$/i.test(text) && !/^\d{2}:\d{2}:\d{2}$/.test(text)) return false;
  if (/[:/]/.test(text) && !/^\d{2}:\d{2}:\d{2}$/.test(text)) return false;
  return parseDocument(text, yamlOptions).toJS() === text;
}
