/** Kinds of value that many operations share. Durations are milliseconds, sizes octets, instants ISO 8601 in UTC. */
import { z } from "zod";
import { eventLevels, type EventLevelName } from "../../events/event-level.ts";
import { categories } from "../../events/catalogue.ts";

export const jsonSchema = z.json();
export type Json = z.output<typeof jsonSchema>;

export const nameSchema = z.string().min(1).max(64);
export const instantSchema = z.iso.datetime();
export const countSchema = z.int().nonnegative();
/** A limit's value; `unlimited` where there is none. */
export const limitSchema = z.union([z.number(), z.literal("unlimited")]);
export const levelSchema = z.enum(Object.keys(eventLevels) as [EventLevelName, ...EventLevelName[]]);
export const categorySchema = z.enum(categories);
export const severitySchema = z.enum(["Error", "Warning", "Information"]);

/** Settings under their camelCase names, in the shape they have in the configuration file. */
export const settingsSchema = z.record(z.string(), jsonSchema);

/** An entry's settings, and what is known of them. */
export const describedSettings = {
  /** Every setting as it holds, plain JSON; null: none. */
  settings: settingsSchema,
  /** `default`: the file does not give it; `preset`: its preset stands in for it. */
  origins: z.record(z.string(), z.enum(["set", "default", "preset"])),
  /** What a value is: `duration`, `size`, `integer`, `percentage`, `true or false`, … */
  kinds: z.record(z.string(), z.string()),
};

/** Something wrong with a configuration, or remarkable about it, at its place in the file. */
export const faultSchema = z.object({
  /** `receiveConnectors[0].maxMessageSize`; empty for the whole. */
  path: z.string(),
  line: z.int(),
  column: z.int(),
  message: z.string(),
  suggestion: z.string().optional(),
  /** Where it stands, if not in the text that is meant: a node's own file. */
  file: z.string().optional(),
});

/** Whom an administrator says a source is (`applications`); null: nobody said. */
export const applicationSchema = z
  .object({ name: z.string(), owner: z.string().nullable(), purpose: z.string().nullable() })
  .nullable();

/** What a change came to. */
export const changeSchema = z.object({
  /** False: with whatIf, or where the file says so already. */
  applied: z.boolean(),
  whatIf: z.boolean(),
  file: z.string(),
  /** Of the settings that hold, defaults included; `setting` without the connector's place. Before/after null: none. */
  changes: z.array(z.object({ setting: z.string(), before: jsonSchema, after: jsonSchema })),
  /** Of the file's text, unified, empty when it stays. */
  diff: z.string(),
  /** What is remarkable about what was changed. */
  warnings: z.array(faultSchema),
  /** What an administrator should know, in sentences. */
  notices: z.array(z.string()),
  /** Of a receive connector that was changed: bindings that could not be opened, so that the change is saved and not in force. */
  notListening: z.array(z.object({ binding: z.string(), reason: z.string() })),
  /** Settings that hold from the next start on. */
  needsRestart: z.array(z.string()),
});
