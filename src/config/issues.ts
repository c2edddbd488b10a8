/** Turns what zod found into faults for people: with positions, reasons and suggestions. */
import type { z } from "zod";
import type { Findings, Path } from "./fault.ts";
import { refusedSettings, refusedValues } from "./refused-settings.ts";
import { nearest } from "./setting-names.ts";

/** A schema read as far as naming goes. */
interface Shaped {
  readonly shape: Readonly<Record<string, z.ZodType>>;
}

/**
 * Reads one piece of the configuration that stands at `path`. Undefined when anything is wrong with it; then
 * the findings hold every fault of the piece.
 */
export function readPiece<Schema extends z.ZodType>(
  schema: Schema,
  raw: unknown,
  path: Path,
  findings: Findings,
): z.output<Schema> | undefined {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  for (const issue of result.error.issues) tell(issue, schema, raw, path, findings);
  return undefined;
}

function tell(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  raw: unknown,
  path: Path,
  findings: Findings,
): void {
  const inner = issue.path.map((segment) => (typeof segment === "number" ? segment : String(segment)));
  const place = [...path, ...inner];
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(shapeAt(schema, inner) ?? {});
    for (const key of issue.keys) unknownSetting([...place, key], known, findings);
    return;
  }
  const value = valueAt(raw, inner);
  if (value === undefined) {
    findings.fault(place, "is missing");
  } else if (value === null) {
    findings.fault(place, "has no value; write one, or take the line out for the default");
  } else if (issue.code === "invalid_value" && typeof value === "string") {
    const name = String(place.findLast((segment) => typeof segment === "string"));
    const reason = refusedValues[name]?.[value];
    const suggestion = nearest(value, issue.values.map(String));
    findings.fault(place, reason ?? issue.message, reason === undefined ? { suggestion } : {});
  } else {
    findings.fault(place, issue.message);
  }
}

/** Reports a name that stands where no such setting is. */
export function unknownSetting(place: Path, known: readonly string[], findings: Findings): void {
  const key = String(place.at(-1));
  const sectionName = String(place[0]);
  const reasons = refusedSettings[sectionName] ?? {};
  const refused = Object.keys(reasons).find((name) => name.toLowerCase() === key.toLowerCase());
  if (place.length > 1 && refused !== undefined) {
    findings.fault(place, `not supported: ${reasons[refused]}`, { at: "key" });
  } else {
    findings.fault(place, "unknown setting", { at: "key", suggestion: nearest(key, known) });
  }
}

function valueAt(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const segment of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PathKey, unknown>)[segment];
  }
  return value;
}
type PathKey = string | number;

function shapeAt(schema: z.ZodType, path: Path): Shaped["shape"] | undefined {
  let current: unknown = unwrapped(schema);
  for (const segment of path) {
    current = unwrapped(
      typeof segment === "number"
        ? (current as { element?: unknown }).element
        : (current as Partial<Shaped>).shape?.[segment],
    );
  }
  return (current as Partial<Shaped> | undefined)?.shape;
}

/** The type inside a default or an option. */
export function unwrapped(schema: unknown): unknown {
  let current = schema;
  for (;;) {
    const inner = (current as { def?: { innerType?: unknown } } | undefined)?.def?.innerType;
    if (inner === undefined) return current;
    current = inner;
  }
}
