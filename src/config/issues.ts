/** Turns what zod found into faults for people: with positions, reasons and suggestions. */
import type { z } from "zod";
import type { Findings, Path } from "./fault.ts";
import { refusedSettings, refusedValues } from "./refused-settings.ts";
import { nearest } from "../core/units/nearest-name.ts";

/** Tells in which section a name is at home, for settings that stand in the wrong one. */
export type HomeOf = (name: string) => string | undefined;

export type Piece<Value> =
  | { readonly value: Value; readonly faulty?: undefined }
  /** Every fault of the piece is told. `faulty` names its settings that have one. */
  | { readonly value?: undefined; readonly faulty: ReadonlySet<string> };

/** Reads one piece of the configuration, which stands at `path`. */
export function readPiece<Schema extends z.ZodType>(
  schema: Schema,
  raw: unknown,
  path: Path,
  findings: Findings,
  homeOf: HomeOf = () => undefined,
): Piece<z.output<Schema>> {
  const result = schema.safeParse(raw);
  if (result.success) return { value: result.data };
  const faulty = new Set<string>();
  for (const issue of result.error.issues) {
    if (issue.path[0] !== undefined) faulty.add(String(issue.path[0]));
    else if (issue.code === "unrecognized_keys") for (const key of issue.keys) faulty.add(key);
    tell(issue, schema, raw, path, findings, homeOf);
  }
  return { faulty };
}

function tell(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
  raw: unknown,
  path: Path,
  findings: Findings,
  homeOf: HomeOf,
): void {
  const inner = issue.path.map((segment) => (typeof segment === "number" ? segment : String(segment)));
  const place = [...path, ...inner];
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(shapeAt(schema, inner) ?? {});
    tellUnknown(place, issue.keys, known, findings, homeOf);
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

/** More unknown names than this in one section are counted, not listed. */
const mostListed = 50;
/** A section with so few settings is told whole to whoever guessed a name that is like none of them. */
const mostNamesShown = 16;

/** Reports names that stand in the section at `place` and are no settings of it. */
export function tellUnknown(
  place: Path,
  names: readonly string[],
  known: readonly string[],
  findings: Findings,
  homeOf: HomeOf,
): void {
  for (const name of names.slice(0, mostListed)) tellUnknownOne(place, name, known, findings, homeOf);
  if (names.length > mostListed) {
    findings.fault(place, `and ${names.length - mostListed} more unknown settings`);
  }
}

function tellUnknownOne(
  place: Path,
  name: string,
  known: readonly string[],
  findings: Findings,
  homeOf: HomeOf,
): void {
  const path = [...place, name];
  const reasons = place.length > 0 ? (refusedSettings[String(place[0])] ?? {}) : {};
  const refused = Object.keys(reasons).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  if (refused !== undefined) {
    findings.fault(path, `not supported: ${(reasons[refused] ?? "").replaceAll("`", "")}`, { at: "key" });
    return;
  }
  const suggestion = nearest(name, known);
  const home = suggestion === undefined ? homeOf(name) : undefined;
  const message = home === undefined ? "unknown setting" : `unknown setting here; it belongs to ${home}`;
  const isListed = suggestion === undefined && place.length > 0 && known.length <= mostNamesShown;
  findings.fault(path, isListed ? `${message}; here are ${known.join(", ")}` : message, {
    at: "key",
    suggestion,
  });
}

function valueAt(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const segment of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[segment];
  }
  return value;
}

/** A schema, read as far as naming goes. */
interface Named {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
}

function shapeAt(schema: unknown, path: Path): Named["shape"] {
  let current = unwrapped(schema) as Named | undefined;
  for (const segment of path) {
    const next = typeof segment === "number" ? current?.element : current?.shape?.[segment];
    current = unwrapped(next) as Named | undefined;
  }
  return current?.shape;
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
