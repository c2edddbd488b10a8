/**
 * Changes to the text of a configuration file. Whatever is not changed keeps every character: comments, order,
 * formatting. Pure; `parseConfig` decides whether the result is a configuration.
 */
import { setImmediate } from "node:timers/promises";
import { type Document, type Pair, type YAMLMap, isMap, isSeq } from "yaml";
import {
  addItems,
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
import {
  bareCategory,
  type ConfigurationEdit,
  isCalled,
  isSameItem,
  itemOf,
  type NamedSection,
  readsAsEdited,
} from "./edited-value.ts";
import type { Plain } from "./edit-value.ts";
import { canonicalName } from "./setting-names.ts";

export type { ConfigurationEdit, ListSection, NamedSection } from "./edited-value.ts";

export type EditResult =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false;
      readonly code: "notFound" | "alreadyExists" | "notEditable";
      readonly message: string;
    };

type NotDone = Exclude<EditResult, { ok: true }>;

/** One edit, or several of which all are made or none. Never throws. Names are found without regard to case. */
export function editConfiguration(text: string, edits: Edits): EditResult {
  const steps = editing(text, edits);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** As `editConfiguration`, in pieces: others have their turn whenever the text had to be read, some milliseconds of a long one. */
export async function editConfigurationInPieces(text: string, edits: Edits): Promise<EditResult> {
  const steps = editing(text, edits);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await setImmediate();
  }
}

type Edits = ConfigurationEdit | readonly ConfigurationEdit[];
type Adding = Extract<ConfigurationEdit, { kind: "add" }>;
/** Yields where it may be interrupted. */
type Piecemeal<Result> = Generator<undefined, Result>;

function* editing(text: string, edits: Edits): Piecemeal<EditResult> {
  try {
    let edited = text;
    for (const together of madeTogether([edits].flat())) {
      const next = yield* apply(edited, together);
      if (typeof next !== "string") return next;
      yield;
      if (!readsAsEdited(edited, next, together))
        throw new NotEditable("its form is not one that can be edited safely");
      edited = next;
      yield;
    }
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

/** What is added to one list, one behind the other, is added at once: reading the text is what an edit costs. */
function madeTogether(edits: readonly ConfigurationEdit[]): (readonly [ConfigurationEdit, ...Adding[]])[] {
  const all: [ConfigurationEdit, ...Adding[]][] = [];
  for (const edit of edits) {
    const before = all.at(-1);
    const isMore = edit.kind === "add" && before?.[0].kind === "add" && before[0].section === edit.section;
    if (isMore) before.push(edit);
    else all.push([edit]);
  }
  return all;
}

function* apply(
  text: string,
  [edit, ...more]: readonly [ConfigurationEdit, ...Adding[]],
): Piecemeal<string | NotDone> {
  switch (edit.kind) {
    case "set":
      return yield* setNamed(text, edit.section, edit.name, edit.settings);
    case "setEach":
      return setEach(text, edit.section, edit.settings);
    case "add":
      return addAll(text, [edit, ...more]);
    case "remove": {
      const found = find(parseText(text), edit.section, edit.name);
      return found === undefined ? notFound(edit) : deleteItem(text, found.list, found.index);
    }
    case "setSection":
      return setAll(text, [edit.section], edit.settings, (a, b) => canonicalName(a, edit.section) === b);
    case "setTop":
      return setAll(text, [], edit.settings, (a, b) => a === b);
    case "changeList":
      return changeList(text, edit);
    case "setLevels":
      return setAll(
        text,
        ["diagnostics", "levels"],
        edit.levels,
        (a, b) => bareCategory(a) === bareCategory(b),
      );
  }
}

/** All of one section. */
function addAll(text: string, edits: readonly [Adding, ...Adding[]]): string | NotDone {
  const [{ section }] = edits;
  const document = parseText(text);
  for (const [index, { name }] of edits.entries()) {
    const isTwice = edits.slice(0, index).some((other) => isCalled(other.name, name));
    if (isTwice || find(document, section, name) !== undefined)
      return alreadyThere(`there is ${withArticle(nouns[section])} ${name} already`);
  }
  const items = edits.map(itemOf);
  const list = findPair(root(document), (key) => key === section);
  return list === undefined ? addTopLevel(text, document, section, items) : addItems(text, list, items);
}

function* setNamed(
  text: string,
  section: NamedSection,
  name: string,
  settings: Section,
): Piecemeal<string | NotDone> {
  let edited = text;
  let current = name;
  if (find(parseText(text), section, name) === undefined) return notFound({ section, name });
  for (const [setting, value] of Object.entries(settings)) {
    yield;
    const found = find(parseText(edited), section, current);
    if (found === undefined) throw new NotEditable("the entry is lost");
    edited = setIn(edited, found.map, undefined, section, setting, value);
    if (setting === "name" && typeof value === "string") current = value;
  }
  return edited;
}

function setEach(text: string, section: NamedSection, settings: Section): string {
  const list: unknown = findPair(root(parseText(text)), (key) => key === section)?.value;
  const count = isSeq(list) ? list.items.length : 0;
  let edited = text;
  for (let index = 0; index < count; index++)
    for (const [setting, value] of Object.entries(settings)) {
      const items: unknown = findPair(root(parseText(edited)), (key) => key === section)?.value;
      const map: unknown = isSeq(items) ? items.items[index] : undefined;
      if (!isMap(map)) throw new NotEditable(`entry ${index + 1} of ${section} is no section`);
      edited = setIn(edited, map, undefined, section, setting, value);
    }
  return edited;
}

function changeList(
  text: string,
  { section, remove, add }: Extract<ConfigurationEdit, { kind: "changeList" }>,
): string | NotDone {
  const document = parseText(text);
  const list = findPair(root(document), (key) => key === section);
  const value: unknown = list?.value;
  const before = isSeq(value) ? (value.toJSON() as Plain[]) : [];
  const has = (items: readonly Plain[], wanted: string): boolean =>
    items.some((item) => isSameItem(section, item, wanted));
  const missing = remove.find((wanted) => !has(before, wanted));
  if (missing !== undefined)
    return { ok: false, code: "notFound", message: `there is no ${nouns[section]} ${missing}` };
  const kept = before.filter((item) => !remove.some((wanted) => isSameItem(section, item, wanted)));
  const twice = add.find((wanted) => has(kept, wanted));
  if (twice !== undefined) return alreadyThere(`there is ${withArticle(nouns[section])} ${twice} already`);
  const after = [...kept, ...add];
  return list === undefined ? addTopLevel(text, document, section, after) : replaceValue(text, list, after);
}

/** What the entries of a list are called. */
const nouns = {
  receiveConnectors: "receive connector",
  sendConnectors: "send connector",
  users: "user",
  apiKeys: "API key",
  applications: "application",
  addressRewriteEntries: "address rewrite entry",
  acceptedDomains: "accepted domain",
  dkimKeys: "DKIM key",
  webhooks: "webhook",
} as const satisfies Readonly<Record<string, string>>;

function withArticle(noun: string): string {
  return `${/^[aAo]/.test(noun) ? "an" : "a"} ${noun}`;
}

function alreadyThere(message: string): NotDone {
  return { ok: false, code: "alreadyExists", message };
}

function notFound({ section, name }: { readonly section: NamedSection; readonly name: string }): NotDone {
  return { ok: false, code: "notFound", message: `there is no ${nouns[section]} ${name}` };
}

function root(document: Document): YAMLMap {
  const { contents } = document;
  if (!isMap(contents)) throw new NotEditable("the file is not a set of settings");
  return contents;
}

function find(
  document: Document,
  section: NamedSection,
  name: string,
): { readonly list: Pair; readonly index: number; readonly map: YAMLMap } | undefined {
  const list = findPair(root(document), (key) => key === section);
  const items: unknown = list?.value;
  if (list === undefined || !isSeq(items)) return undefined;
  const index = items.items.findIndex((item) => isMap(item) && isCalled(item.get("name"), name));
  const map: unknown = items.items[index];
  return isMap(map) ? { list, index, map } : undefined;
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
