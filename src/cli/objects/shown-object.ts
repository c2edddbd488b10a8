/** What a reading command shows, one by one: its properties under the names that -Json, the table and the list have. */
import { wildcard } from "../wildcard.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface ShownObject {
  /** As -Json prints it. */
  readonly json: Json;
  /** What the table and the list say of it beyond that, by their names: `MessageCount`. */
  readonly texts: ReadonlyMap<string, string | number>;
}

/** Windows' names for what -Json calls otherwise, in lower case. */
const synonyms: Readonly<Record<string, string>> = {
  timegenerated: "at",
  timewritten: "at",
  timecreated: "at",
  instanceid: "id",
  leveldisplayname: "severity",
};

export function objectOf(json: Json): ShownObject {
  return { json, texts: new Map() };
}

/** Without regard to case; what -Json prints goes first. Undefined: it has no such property. */
export function propertyOf({ json, texts }: ShownObject, name: string): unknown {
  const wanted = name.toLowerCase();
  const key = Object.keys(json).find((it) => it.toLowerCase() === wanted);
  if (key !== undefined) return json[key];
  for (const [header, value] of texts) if (header.toLowerCase() === wanted) return value;
  return json[synonyms[wanted] ?? ""];
}

export function hasProperty({ json, texts }: ShownObject, name: string): boolean {
  const wanted = name.toLowerCase();
  return (
    [...Object.keys(json), ...texts.keys()].some((it) => it.toLowerCase() === wanted) ||
    (synonyms[wanted] ?? "") in json
  );
}

export type Expanded =
  | { readonly ok: true; readonly names: readonly string[] }
  /** No object has it; `known` are those there are. */
  | { readonly ok: false; readonly unknown: string; readonly known: readonly string[] };

/** The properties some of which are meant by `Max*`. Of no object at all every name is taken as it is. */
export function expandProperties(wanted: readonly string[], objects: readonly ShownObject[]): Expanded {
  const keys = [...new Set(objects.flatMap(({ json }) => Object.keys(json)))];
  const headers = [...new Set(objects.flatMap(({ texts }) => [...texts.keys()]))];
  const names: string[] = [];
  for (const name of wanted) {
    const fits = wildcard(name) ?? ((other: string) => other.toLowerCase() === name.toLowerCase());
    const fitting = keys.filter((key) => fits(key));
    const named = fitting.length > 0 ? fitting : headers.filter((header) => fits(header));
    const isSynonym = named.length === 0 && objects.some((object) => hasProperty(object, name));
    const found = isSynonym ? [name] : named;
    if (found.length === 0 && objects.length > 0)
      return { ok: false, unknown: name, known: propertyNames(keys, headers) };
    names.push(...(objects.length === 0 ? [name] : found));
  }
  return { ok: true, names: [...new Set(names)] };
}

function propertyNames(keys: readonly string[], headers: readonly string[]): readonly string[] {
  const lower = new Set(keys.map((key) => key.toLowerCase()));
  return [...keys, ...headers.filter((header) => !lower.has(header.toLowerCase()))];
}
