/** PowerShell's `@{Key='value','other'; Key2=value}` within one argument. */
import { splitList, splitOutsideQuotes } from "./list.ts";

/** Undefined: the text is no hashtable. Keys as they are written. */
export function parseHashtable(text: string): ReadonlyMap<string, readonly string[]> | undefined {
  const inner = /^@\{([^]*)\}$/.exec(text.trim())?.[1];
  if (inner === undefined) return undefined;
  const entries = new Map<string, readonly string[]>();
  for (const part of splitOutsideQuotes(inner, ";\n")) {
    if (part.trim() === "") continue;
    // In quotes a key may be anything: addresses, `*`.
    const match = /^\s*(?:'([^']+)'|"([^"]+)"|([A-Za-z][A-Za-z0-9]*))\s*=([^]*)$/.exec(part);
    if (match === null) return undefined;
    const key = match[1] ?? match[2] ?? match[3] ?? "";
    // PowerShell writes a list also as @('a','b').
    const value = (match[4] ?? "").trim().replace(/^@\(([^]*)\)$/, "$1");
    entries.set(key, splitList(value));
  }
  return entries;
}
