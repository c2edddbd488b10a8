/** Words that are Weir's own, as its schema has them: they tell nothing of whoever uses it. */

export interface Vocabulary {
  /** Names of settings. */
  readonly names: ReadonlySet<string>;
  /** Values that are one of a list. */
  readonly values: ReadonlySet<string>;
}

/** Of a JSON Schema. */
export function vocabularyOf(schema: unknown): Vocabulary {
  const names = new Set<string>();
  const values = new Set<string>();
  const look = (at: unknown): void => {
    if (Array.isArray(at)) for (const entry of at) look(entry);
    else if (typeof at === "object" && at !== null) {
      const { properties, enum: choices, const: only } = at as Readonly<Record<string, unknown>>;
      if (typeof properties === "object" && properties !== null)
        for (const name of Object.keys(properties)) names.add(name);
      for (const choice of [...(Array.isArray(choices) ? (choices as unknown[]) : []), only])
        if (typeof choice === "string") values.add(choice);
      for (const value of Object.values(at)) look(value);
    }
  };
  look(schema);
  return { names, values };
}
