/** Settings as a form has them: as text, and back in the shape of the configuration file. */
import { formatConfiguredSize } from "../../../../src/core/units/byte-size.ts";
import { formatDuration } from "../../../../src/core/units/duration.ts";
import type { SettingFact } from "../../../../src/config/setting-facts.ts";
import type { Json } from "../../../../src/admin/contract/values.ts";

/** Sizes and durations with their units, as the file would have them. */
export function textOf(value: Json | undefined, kind = "text"): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number" && kind === "size") return formatConfiguredSize(value);
  if (typeof value === "number" && kind === "duration") return formatDuration(value);
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Null, for what is left empty: the default. Whether it fits, the relay says. */
export function valueOf({ kind }: Pick<SettingFact, "kind">, text: string): Json {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  if (trimmed.startsWith("{") || trimmed.startsWith("[")) {
    try {
      return JSON.parse(trimmed) as Json;
    } catch {
      return trimmed;
    }
  }
  if (trimmed === "true" || trimmed === "false") return trimmed === "true";
  if (kind.startsWith("list")) return trimmed.split(",").map((one) => one.trim());
  return kind !== "text" && /^-?\d+(?:\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed;
}
