/** Whether a setting takes a value, and whether the value need be written at all. */
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { type Parsed, parsed, unparsable } from "../../core/units/parsed.ts";
import type { Plain } from "../edit-value.ts";

export interface Fit {
  readonly value: Plain;
  /** Items of a list that the setting does not take, each with the reason. */
  readonly dropped: readonly string[];
}

/** The value as far as the setting takes it. Of a list only what does not fit is dropped. */
export function fitSetting(schema: z.ZodType, value: Plain): Parsed<Fit> {
  const message = refusal(schema, value);
  if (message === undefined) return parsed({ value, dropped: [] });
  if (!Array.isArray(value)) return unparsable(message);
  const items = (value as readonly Plain[]).map((item) => ({ item, message: refusal(schema, [item]) }));
  const kept = items.filter((each) => each.message === undefined).map(({ item }) => item);
  const dropped = items.flatMap((each) => (each.message === undefined ? [] : [each.message]));
  if (kept.length === 0 || refusal(schema, kept) !== undefined) return unparsable(dropped[0] ?? message);
  return parsed({ value: kept, dropped });
}

function refusal(schema: z.ZodType, value: Plain): string | undefined {
  const result = schema.safeParse(value);
  return result.success ? undefined : (result.error.issues[0]?.message ?? "is not taken here");
}

/** Whether leaving the setting out comes to the same. `byDefault`: as the file would write it, where a preset has one. */
export function isDefaultValue(schema: z.ZodType, value: Plain, byDefault: unknown): boolean {
  const read = (given: unknown): unknown => {
    const result = schema.safeParse(given);
    return result.success ? unordered(result.data) : undefined;
  };
  return isDeepStrictEqual(read(value), read(byDefault));
}

/** Sets of words: their order says nothing. */
function unordered(value: unknown): unknown {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value.toSorted() : value;
}
