/**
 * Changes to the text of a configuration file. Whatever is not changed keeps every character: comments, order,
 * formatting. Pure; `parseConfig` decides whether the result is a configuration.
 */
import { isDeepStrictEqual } from "node:util";
import { type Document, type Pair, type YAMLMap, isMap, isSeq } from "yaml";
import {
  addItem,
  addTopLevel,
  deleteItem,
  deletePair,
  findPair,
  isEmptyNode,
  keyOf,
  NotEditable,
  parseText,
  replaceValue,
  type Section,
  setValue,
} from "./edit-text.ts";
import type { Plain } from "./edit-value.ts";
import { canonicalName } from "./setting-names.ts";

export type ConnectorSection = "receiveConnectors" | "sendConnectors";

/** Settings by their canonical names; null takes one out of the file, so that its default holds. */
export type ConfigurationEdit =
  | {
      readonly kind: "set";
      readonly section: ConnectorSection;
      readonly name: string;
      readonly settings: Section;
    }
  | {
      readonly kind: "add";
      readonly section: ConnectorSection;
      readonly name: string;
      readonly settings: Section;
    }
  | { readonly kind: "remove"; readonly section: ConnectorSection; readonly name: string }
  | { readonly kind: "setSection"; readonly section: "transport"; readonly settings: Section }
  /** By category, with its source; null for the default level. */
  | { readonly kind: "setLevels"; readonly levels: Readonly<Record<string, string | null>> };

export type EditResult =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false;
      readonly code: "notFound" | "alreadyExists" | "notEditable";
      readonly message: string;
    };

/** Never throws. Connectors are found by name without regard to case. */
export function editConfiguration(text: string, edit: ConfigurationEdit): EditResult {
  try {
    const edited = apply(text, edit);
    if (typeof edited !== "string") return edited;
    verify(text, edited, edit);
    return { ok: true, text: edited };
  } catch (fault) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    return {
      ok: false,
      code: "notEditable",
      message: `the file cannot be changed in place (${reason}); edit it by hand, saving applies it`,
    };
  }
}

function apply(text: string, edit: ConfigurationEdit): string | Exclude<EditResult, { ok: true }> {
  switch (edit.kind) {
    case "set":
      return setConnector(text, edit.section, edit.name, edit.settings);
    case "add": {
      const document = parseText(text);
      if (find(document, edit.section, edit.name) !== undefined) {
        return { ok: false, code: "alreadyExists", message: `there is a connector ${edit.name} already` };
      }
      const item = newItem(edit);
      const list = findPair(root(document), (key) => key === edit.section);
      return list === undefined
        ? addTopLevel(text, document, edit.section, [item])
        : addItem(text, list, item);
    }
    case "remove": {
      const found = find(parseText(text), edit.section, edit.name);
      return found === undefined ? notFound(edit) : deleteItem(text, found.list, found.index);
    }
    case "setSection":
      return setAll(text, [edit.section], edit.settings, (a, b) => canonicalName(a, edit.section) === b);
    case "setLevels":
      return setAll(text, ["diagnostics", "levels"], edit.levels, (a, b) => bare(a) === bare(b));
  }
}

function setConnector(
  text: string,
  section: ConnectorSection,
  name: string,
  settings: Section,
): string | Exclude<EditResult, { ok: true }> {
  let edited = text;
  let current = name;
  if (find(parseText(text), section, name) === undefined) return notFound({ section, name });
  for (const [setting, value] of Object.entries(settings)) {
    const found = find(parseText(edited), section, current);
    if (found === undefined) throw new NotEditable("the connector is lost");
    edited = setIn(edited, found.map, undefined, section, setting, value);
    if (setting === "name" && typeof value === "string") current = value;
  }
  return edited;
}

function newItem({ name, settings }: { readonly name: string; readonly settings: Section }): Section {
  return {
    name,
    ...Object.fromEntries(
      Object.entries(settings).filter(([key, value]) => key !== "name" && value !== null),
    ),
  };
}

function notFound(edit: { readonly section: ConnectorSection; readonly name: string }) {
  const kind = edit.section === "receiveConnectors" ? "receive" : "send";
  return { ok: false, code: "notFound", message: `there is no ${kind} connector ${edit.name}` } as const;
}

function root(document: Document): YAMLMap {
  const { contents } = document;
  if (!isMap(contents)) throw new NotEditable("the file is not a set of settings");
  return contents;
}

function find(
  document: Document,
  section: ConnectorSection,
  name: string,
): { readonly list: Pair; readonly index: number; readonly map: YAMLMap } | undefined {
  const list = findPair(root(document), (key) => key === section);
  const items: unknown = list?.value;
  if (list === undefined || !isSeq(items)) return undefined;
  const index = items.items.findIndex((item) => isMap(item) && isCalled(item.get("name"), name));
  const map: unknown = items.items[index];
  return isMap(map) ? { list, index, map } : undefined;
}

/** Without regard to case, as in Exchange. */
function isCalled(written: unknown, name: string): boolean {
  return (
    (typeof written === "string" || typeof written === "number") &&
    String(written).trim().toLowerCase() === name.trim().toLowerCase()
  );
}

/** A category without its source. */
function bare(category: string): string {
  return category.slice(category.lastIndexOf("\\") + 1).toLowerCase();
}

function setIn(
  text: string,
  map: YAMLMap,
  parent: Pair | undefined,
  section: string,
  name: string,
  value: Plain,
): string {
  const isKey = (written: string): boolean =>
    canonicalName(written, section) === canonicalName(name, section);
  if (value !== null) return setValue(text, map, isKey, name, value);
  const pair = findPair(map, isKey);
  return pair === undefined ? text : deletePair(text, map, pair, parent);
}

/** Settings within nested sections, which are made where they are missing. */
function setAll(
  text: string,
  path: readonly string[],
  settings: Section,
  isSame: (written: string, wanted: string) => boolean,
): string {
  let edited = text;
  for (const [name, value] of Object.entries(settings)) {
    edited = setNested(edited, path, name, value, (written) => isSame(written, name));
  }
  return edited;
}

function setNested(
  text: string,
  path: readonly string[],
  name: string,
  value: Plain,
  isKey: (written: string) => boolean,
): string {
  const document = parseText(text);
  let map = root(document);
  let parent: Pair | undefined;
  for (const [depth, step] of path.entries()) {
    const pair = findPair(map, (key) => key === step);
    const missing = path.slice(depth + 1).reduceRight<Plain>((inner, key) => ({ [key]: inner }), {
      [name]: value,
    });
    if (pair === undefined || isEmptyNode(pair.value)) {
      if (value === null) return text;
      if (pair !== undefined) return replaceValue(text, pair, missing);
      return depth === 0
        ? addTopLevel(text, document, step, missing)
        : setValue(text, map, (key) => key === step, step, missing);
    }
    if (!isMap(pair.value)) throw new NotEditable(`${keyOf(pair)} is not a section`);
    map = pair.value;
    parent = pair;
  }
  if (value !== null) return setValue(text, map, isKey, name, value);
  const pair = findPair(map, isKey);
  return pair === undefined ? text : deletePair(text, map, pair, parent);
}

/** The edited text must read as the old one with the edit made on its values, and nothing else. */
function verify(before: string, after: string, edit: ConfigurationEdit): void {
  const wanted = editedValue(parseText(before).toJS() as Values, edit);
  if (!isDeepStrictEqual(withoutEmpty(parseText(after).toJS() as Values), withoutEmpty(wanted))) {
    throw new NotEditable("its form is not one that can be edited safely");
  }
}

type Values = Record<string, unknown>;

function editedValue(whole: Values, edit: ConfigurationEdit): Values {
  switch (edit.kind) {
    case "set":
    case "add":
    case "remove": {
      const list = Array.isArray(whole[edit.section]) ? (whole[edit.section] as Values[]) : [];
      const isIt = (item: Values): boolean => isCalled(item["name"], edit.name);
      if (edit.kind === "remove") return { ...whole, [edit.section]: list.filter((item) => !isIt(item)) };
      if (edit.kind === "add") return { ...whole, [edit.section]: [...list, newItem(edit)] };
      return {
        ...whole,
        [edit.section]: list.map((item) =>
          isIt(item) ? withSettings(item, edit.settings, (key) => canonicalName(key, edit.section)) : item,
        ),
      };
    }
    case "setSection":
      return {
        ...whole,
        [edit.section]: withSettings(asSection(whole[edit.section]), edit.settings, (key) =>
          canonicalName(key, edit.section),
        ),
      };
    case "setLevels": {
      const diagnostics = asSection(whole["diagnostics"]);
      const levels = withSettings(asSection(diagnostics["levels"]), edit.levels, bare);
      return { ...whole, diagnostics: { ...diagnostics, levels } };
    }
  }
}

function asSection(value: unknown): Values {
  return typeof value === "object" && value !== null ? (value as Values) : {};
}

function withSettings(section: Values, settings: Section, identity: (key: string) => string): Values {
  const result = { ...section };
  for (const [name, value] of Object.entries(settings)) {
    const written = Object.keys(result).find((key) => identity(key) === identity(name)) ?? name;
    if (value === null) delete result[written];
    else result[written] = value;
  }
  return result;
}

/** An empty section and a missing one mean the same. */
function withoutEmpty(value: Values): Values {
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]): [string, unknown] => [
        key,
        typeof inner === "object" && inner !== null && !Array.isArray(inner)
          ? withoutEmpty(inner as Values)
          : inner,
      ])
      .filter(([, inner]) => !isEmpty(inner)),
  );
}

function isEmpty(value: unknown): boolean {
  return (
    value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0)
  );
}
