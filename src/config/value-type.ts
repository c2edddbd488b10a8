/** The kinds of value a setting can have: how each is read, refused with a word, and described. */
import { domainToASCII } from "node:url";
import * as z from "zod";
import { formatByteSize, parseByteSize } from "../core/units/byte-size.ts";
import { formatDuration, parseDuration } from "../core/units/duration.ts";
import { type Parsed, quoted } from "../core/units/parsed.ts";
import { parsePercent } from "../core/units/percent.ts";
import { isUnlimitedWord } from "../core/units/unlimited.ts";

// A file is parsed once in a while: compiling parsers for it costs a start more than it ever saves.
z.config({ jitless: true });

/** What the reference says of a kind of value. */
export interface Kind {
  readonly kind: string;
  readonly range?: string;
}
export const kinds = z.registry<Kind>();

/**
 * One schema for all settings of one kind. Nobody may register anything with what comes out of it, nor describe it; what is
 * made of it is a copy. Each schema costs a start some twenty microseconds.
 */
function shared<Given extends readonly unknown[], Type>(
  make: (...given: Given) => Type,
): (...given: Given) => Type {
  const made = new Map<string, Type>();
  return (...given) => {
    const key = JSON.stringify(given);
    const known = made.get(key);
    if (known !== undefined) return known;
    const type = make(...given);
    made.set(key, type);
    return type;
  };
}

/** For a schema that nobody else has: `meta` would make a copy, and each costs a start some twenty microseconds. */
function described<Type extends z.ZodType>(type: Type, description: string): Type {
  z.globalRegistry.add(type, { description });
  return type;
}

/** A setting with a default, written as the file would write it. */
export function setting<Type extends z.ZodType>(
  type: Type,
  byDefault: z.core.util.NoUndefined<z.input<Type>>,
  description: string,
): z.ZodPrefault<Type> {
  return described(type.prefault(byDefault), description);
}

/** A setting that need not be given; `byDefault` tells in words what holds then. */
export const computedDefaults = z.registry<{ readonly default: string }>();
export function optionalSetting<Type extends z.ZodType>(
  type: Type,
  byDefault: string,
  description: string,
): z.ZodOptional<Type> {
  const optional = described(type.optional(), description);
  computedDefaults.add(optional, { default: byDefault });
  return optional;
}

/** A setting that must be given. */
export function requiredSetting<Type extends z.ZodType>(type: Type, description: string): Type {
  return type.meta({ description });
}

/** Shows a configured value inside a message. */
export function shown(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "object")
    return value === null ? "nothing" : Array.isArray(value) ? "a list" : "a section";
  return typeof value === "number" || typeof value === "boolean" ? String(value) : `a ${typeof value}`;
}

/** What is said of a value that stands where settings with names are wanted. */
export function notASection({ input }: { readonly input?: unknown }): string {
  return `${shown(input)} is not a section of settings`;
}

/** Runs a parser of text inside zod, giving its message on refusal. */
function reading<Value>(parse: (input: string) => Parsed<Value>) {
  return (input: string | number, context: z.RefinementCtx): Value => {
    const result = parse(String(input));
    if (result.ok) return result.value;
    context.addIssue({ code: "custom", message: result.message, input });
    return z.NEVER;
  };
}

const scalar = shared((what: string) =>
  z.union([z.string(), z.number()], { error: (issue) => `${shown(issue.input)} is not ${what}` }),
);

interface Bounds {
  readonly min: number;
  readonly max: number;
  /** The word `unlimited` is taken too, as Infinity. */
  readonly unlimited?: boolean;
}

function within(bounds: Bounds, print: (value: number) => string, parse: (input: string) => Parsed<number>) {
  return (input: string): Parsed<number> => {
    if (bounds.unlimited && isUnlimitedWord(input)) return { ok: true, value: Infinity };
    const result = parse(input);
    if (!result.ok) return result;
    if (result.value >= bounds.min && result.value <= bounds.max) return result;
    return { ok: false, message: `${print(result.value)} is out of range: ${rangeText(bounds, print)}` };
  };
}

function rangeText(bounds: Bounds, print: (value: number) => string): string {
  return `${print(bounds.min)} to ${print(bounds.max)}${bounds.unlimited ? ", or unlimited" : ""}`;
}

/** Milliseconds out of `5s`, `1h30m`, `00:05:00`. */
export const duration = shared((bounds: Bounds) =>
  scalar("a duration such as 30s, 5m or 00:05:00")
    .transform(reading(within(bounds, formatDuration, parseDuration)))
    .register(kinds, { kind: "duration", range: rangeText(bounds, formatDuration) }),
);

/** Octets out of `25MB`, `64KB` or a bare number. */
export const size = shared((bounds: Bounds) =>
  scalar("a size such as 25MB")
    .transform(reading(within(bounds, formatByteSize, parseByteSize)))
    .register(kinds, { kind: "size", range: rangeText(bounds, formatByteSize) }),
);

export const percentage = shared((bounds: Bounds) =>
  scalar("a percentage such as 2")
    .transform(reading(within(bounds, String, parsePercent)))
    .register(kinds, { kind: "percentage", range: rangeText(bounds, String) }),
);

/** A whole number, or with `unlimited` also that word (Infinity). */
export const integer = shared((bounds: Bounds) => {
  const range = rangeText(bounds, String);
  const error = (issue: { readonly input?: unknown }): string =>
    `${shown(issue.input)} is not a whole number from ${range}`;
  const whole = z.int({ error }).min(bounds.min, { error }).max(bounds.max, { error });
  const type = bounds.unlimited
    ? z
        .union([whole, z.literal(["unlimited", "Unlimited"])], { error })
        .transform((value) => (typeof value === "number" ? value : Infinity))
    : whole.transform((value) => value);
  return type.register(kinds, { kind: "integer", range });
});

/** A number, fractions allowed. */
export function fraction(bounds: Bounds) {
  const error = (issue: { readonly input?: unknown }): string =>
    `${shown(issue.input)} is not a number from ${rangeText(bounds, String)}`;
  return z
    .number({ error })
    .min(bounds.min, { error })
    .max(bounds.max, { error })
    .register(kinds, { kind: "number", range: rangeText(bounds, String) });
}

export const flag = shared(() =>
  z
    .boolean({ error: (issue) => `${shown(issue.input)} is not true or false` })
    .register(kinds, { kind: "true or false" }),
);

const textUpTo = shared((maxLength: number) =>
  z
    .string({ error: (issue) => `${shown(issue.input)} is not a text; put it into quotes` })
    .max(maxLength, { error: `longer than ${maxLength} characters` }),
);

/** One line of text without control characters. */
export const line = shared((maxLength: number = 1000) =>
  textUpTo(maxLength)
    .refine((text) => !/\p{Cc}/u.test(text), { error: "contains a line break or another control character" })
    .register(kinds, { kind: "text", range: `up to ${maxLength} characters` }),
);

const notEmpty = (maxLength: number) =>
  line(maxLength).refine((text) => text.trim() !== "", { error: "is empty" });

/** As `line`, and not empty. */
export const name = shared((maxLength: number) =>
  notEmpty(maxLength).register(kinds, { kind: "text", range: `1 to ${maxLength} characters` }),
);

export const filePath = shared(() => notEmpty(4096).register(kinds, { kind: "path" }));

export function choice<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z
    .enum(values, { error: (issue) => `${shown(issue.input)} is not one of ${values.join(", ")}` })
    .register(kinds, { kind: "one word", range: values.join(", ") });
}

/** Text read by a parser of `core`. */
export function parsedText<Value>(kind: Kind, parse: (input: string) => Parsed<Value>) {
  return textUpTo(1000).transform(reading(parse)).register(kinds, kind);
}

export function listOf<Item extends z.ZodType>(item: Item, kind: Kind) {
  return z
    .array(item, {
      error: (issue) => `${shown(issue.input)} is not a list; write it like ${asList(issue.input)}`,
    })
    .max(10_000, { error: "more than 10000 entries" })
    .register(kinds, kind);
}

/** As `listOf`; one item may stand alone. */
export function oneOrMore<Item extends z.ZodType<unknown, string>>(item: Item, kind: Kind) {
  const list = listOf(item, kind);
  return z.preprocess((value) => (typeof value === "string" ? [value] : value), list).register(kinds, kind);
}

function asList(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? `[${shown(value)}]` : '["a", "b"]';
}

/** A DNS name in lower case and A-labels (RFC 5890); a trailing dot is dropped. */
export function parseDomain(input: string): Parsed<string> {
  const ascii = domainToASCII(input.trim().replace(/\.$/, "")).toLowerCase();
  const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
  const labels = ascii.split(".");
  if (ascii.length > 253 || !labels.every((part) => label.test(part)) || /^\d+$/.test(labels.at(-1) ?? "")) {
    return { ok: false, message: `${quoted(input)} is not a domain name` };
  }
  return { ok: true, value: ascii };
}

export const domain = shared(() => parsedText({ kind: "domain name" }, parseDomain));

/** The name this host gives for itself: letters, digits and hyphens only (RFC 5321 §4.1.2). */
export const hostName = shared(() =>
  parsedText({ kind: "domain name" }, (input) => {
    const result = parseDomain(input);
    if (!result.ok || !result.value.includes("_")) return result;
    return {
      ok: false,
      message: `${quoted(input)} contains an underscore, which SMTP does not allow in host names`,
    };
  }),
);
