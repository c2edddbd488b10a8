/** Diagnostic logging levels by category, `MSExchangeTransport\SmtpReceive: Expert`. Source: Set-EventLogLevel. */
import { categories } from "../events/catalogue.ts";
import type { Findings, Path } from "./fault.ts";
import { nearest } from "../core/units/nearest-name.ts";

const source = "MSExchangeTransport";

/** Keys become `MSExchangeTransport\<Category>`; the source may be left out. Unknown categories are faults. */
export function categoryLevels<Level>(
  given: Readonly<Record<string, Level>>,
  path: Path,
  findings: Findings,
): Readonly<Record<string, Level>> {
  const levels: Record<string, Level> = {};
  for (const [key, level] of Object.entries(given)) {
    const name = key.toLowerCase().startsWith(`${source.toLowerCase()}\\`)
      ? key.slice(source.length + 1)
      : key;
    const category = categories.find((known) => known.toLowerCase() === name.toLowerCase());
    if (category === undefined) {
      const near = nearest(name, categories);
      findings.fault([...path, key], `unknown category; there are ${categories.join(", ")}`, {
        at: "key",
        suggestion: near === undefined ? undefined : `${source}\\${near}`,
      });
    } else {
      levels[`${source}\\${category}`] = level;
    }
  }
  return levels;
}
