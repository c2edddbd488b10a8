/** Words that are Weir's own, as its schema has them: they tell nothing of whoever uses it. */

export interface Vocabulary {
  /** Names of settings. */
  readonly names: ReadonlySet<string>;
  /** Those whose value may be a number. */
  readonly numbers: ReadonlySet<string>;
  /** Values that are one of a list. */
  readonly values: ReadonlySet<string>;
}

/** Of a JSON Schema. */
export function vocabularyOf(schema: unknown): Vocabulary {
  const names = new Set<string>();
  const numbers = new Set<string>();
  const values = new Set<string>();
  const look = (at: unknown): void => {
    if (Array.isArray(at)) for (const entry of at) look(entry);
    else if (typeof at === "object" && at !== null) {
      const { properties, enum: choices, const: only } = at as Readonly<Record<string, unknown>>;
      if (typeof properties === "object" && properties !== null)
        for (const [name, property] of Object.entries(properties)) {
          names.add(name);
          if (mayBeNumber(property)) numbers.add(name);
        }
      for (const choice of [...(Array.isArray(choices) ? (choices as unknown[]) : []), only])
        if (typeof choice === "string") values.add(choice);
      for (const value of Object.values(at)) look(value);
    }
  };
  look(schema);
  return { names, numbers, values };
}

/** A number, one among other forms, or a list of such. */
function mayBeNumber(property: unknown): boolean {
  if (Array.isArray(property)) return property.some(mayBeNumber);
  if (typeof property !== "object" || property === null) return false;
  const { type, anyOf, oneOf, items } = property as Readonly<Record<string, unknown>>;
  const isNumber = [type].flat().some((word) => word === "number" || word === "integer");
  return isNumber || [anyOf, oneOf, items].some(mayBeNumber);
}
