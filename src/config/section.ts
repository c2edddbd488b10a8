/** Sections as the file gives them, before they are typed. */
import type { z } from "zod";
import type { Findings, Path } from "./fault.ts";
import { canonicalName } from "./setting-names.ts";

export type Section = Record<string, unknown>;

export function isSection(value: unknown): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A section with each setting under its one spelling; anything else as it is. */
export function canonicalSection(raw: unknown, path: Path, findings: Findings): unknown {
  if (!isSection(raw)) return raw;
  const section = new Map<string, unknown>();
  for (const [key, value] of Object.entries(raw)) {
    const name = canonicalName(key, String(path[0]));
    if (section.has(name)) findings.fault([...path, name], `is given twice, once as ${key}`, { at: "key" });
    else section.set(name, value);
  }
  return Object.fromEntries(section);
}

/**
 * What can be read of a section with faults: the faulty settings at their defaults, `placeholders` for those
 * that have none. Only for looking for further faults.
 */
export function readRest<Schema extends z.ZodType>(
  schema: Schema,
  raw: unknown,
  faulty: ReadonlySet<string>,
  placeholders: Section,
): z.output<Schema> | undefined {
  if (!isSection(raw)) return undefined;
  const rest = Object.fromEntries(Object.entries(raw).filter(([name]) => !faulty.has(name)));
  return schema.safeParse({ ...placeholders, ...rest }).data;
}
