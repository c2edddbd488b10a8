/** Values of parameters after they were read, and typed access to them. */

/** `@{Add='a','b';Remove='c'}` */
export interface ListChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Null: `$null`, the default again. */
export type Value =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | readonly number[]
  | ListChange
  | Readonly<Record<string, string | number>>;

/** By the parameter's name. */
export type Arguments = ReadonlyMap<string, Value>;

export function textOf(args: Arguments, name: string): string | undefined {
  const value = args.get(name);
  return typeof value === "string" ? value : undefined;
}

export function numberOf(args: Arguments, name: string): number | undefined {
  const value = args.get(name);
  return typeof value === "number" ? value : undefined;
}

export function isOn(args: Arguments, name: string): boolean {
  return args.get(name) === true;
}

export function listOf(args: Arguments, name: string): readonly string[] | undefined {
  const value = args.get(name);
  return Array.isArray(value) ? value.map(String) : undefined;
}

export function numbersOf(args: Arguments, name: string): readonly number[] | undefined {
  const value = args.get(name);
  return Array.isArray(value) ? value.map(Number) : undefined;
}

export function isListChange(value: Value | undefined): value is ListChange {
  return (
    typeof value === "object" &&
    value !== null &&
    "add" in value &&
    "remove" in value &&
    !Array.isArray(value)
  );
}
