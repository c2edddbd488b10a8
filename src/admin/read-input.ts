/** From a request to the input of an operation. */
import type { z } from "zod";
import { formatPath } from "../config/fault.ts";
import { inputFaultText } from "./input-fault-text.ts";
import { AdminRefusal } from "./refusal.ts";

/** What is said of a field that the operation does not have; nodes of a later release go by it. */
export const notKnownHere = "is not known here";

/** Throws AdminRefusal with every fault. Faults of an input have no line: 0. */
export function readInput<Schema extends z.ZodObject>(
  schema: Schema,
  given: Readonly<Record<string, unknown>>,
): z.output<Schema> {
  const unknown = Object.keys(given).filter((key) => !Object.hasOwn(schema.shape, key));
  const result = schema.safeParse(given);
  if (result.success && unknown.length === 0) return result.data;
  const faults = [
    ...unknown.map((key) => ({ path: key, line: 0, column: 0, message: notKnownHere })),
    ...(result.error?.issues ?? []).map((issue) => ({
      path: formatPath(
        issue.path.map((segment) => (typeof segment === "symbol" ? String(segment) : segment)),
      ),
      line: 0,
      column: 0,
      message: inputFaultText(issue),
    })),
  ];
  const sentences = faults.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  throw new AdminRefusal("invalidInput", sentences.join("; "), faults);
}

/**
 * The query's values for a schema: each as it stands where the schema takes it so, else read as JSON; given several
 * times, or where the schema wants one, a list.
 */
export function queryValues(
  { shape }: z.ZodObject,
  query: Readonly<Record<string, readonly string[]>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([key, texts]) => {
      const schema = Object.hasOwn(shape, key) ? (shape[key] as z.ZodType | undefined) : undefined;
      const values = texts.map(asJson);
      const candidates: readonly unknown[] =
        texts.length === 1 ? [texts[0], values[0], texts, values] : [texts, values];
      const fits = candidates.find((candidate) => schema?.safeParse(candidate).success === true);
      return [key, fits ?? candidates[0]];
    }),
  );
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
