/**
 * Changes one place in the text of a YAML file and leaves every other character as it is: comments, order, blank
 * lines, alignment. Places are found with the library's Document; a document written back by it would be formatted
 * anew throughout.
 */
import {
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
} from "yaml";
import { blockLines, flowText, isFilledSection, keyText, type Plain } from "./edit-value.ts";
import { yamlOptions } from "./yaml-source.ts";

export type Section = { readonly [key: string]: Plain };
/** Whether a key as it is written is the one that is meant. */
export type IsKey = (written: string) => boolean;

/** What is there cannot be changed in place. */
export class NotEditable extends Error {
  override readonly name = "NotEditable";
}

export function parseText(text: string): Document {
  const document = parseDocument(text, yamlOptions);
  const [error] = document.errors;
  if (error !== undefined) throw new NotEditable(error.message);
  return document;
}

/** `\r\n` where the file's first line ends so. */
function lineEnd(text: string): string {
  return /^[^\n]*\r\n/.test(text) ? "\r\n" : "\n";
}

export function keyOf(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key);
}

export function findPair(map: YAMLMap, isKey: IsKey): Pair | undefined {
  return map.items.find((pair) => isKey(keyOf(pair)));
}

export function isEmptyNode(node: unknown): boolean {
  if (node === null || node === undefined) return true;
  if (isScalar(node)) return node.value === null;
  return (isMap(node) || isSeq(node)) && node.items.length === 0;
}

function rangeOf(node: unknown): readonly [number, number] {
  const range = isNode(node) ? (node as Node).range : undefined;
  if (!range) throw new NotEditable("the file's structure cannot be told");
  return [range[0], range[1]];
}

/** Behind the last character of a node's content; trailing comments are not content. */
function contentEnd(node: unknown, text: string): number {
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last: unknown = node.items.at(-1);
    if (last !== undefined) return isNode(last) ? contentEnd(last, text) : pairEnd(last as Pair, text);
  }
  let [start, end] = rangeOf(node);
  while (end > start && /\s/.test(text[end - 1] ?? "")) end--;
  return end;
}

function pairEnd(pair: Pair, text: string): number {
  const colon = colonBehind(pair, text);
  return isEmptyNode(pair.value) && !isCollection(pair.value)
    ? Math.max(colon + 1, pair.value == null ? 0 : contentEnd(pair.value, text))
    : contentEnd(pair.value, text);
}

function isCollection(node: unknown): node is YAMLMap | YAMLSeq {
  return isMap(node) || isSeq(node);
}

function colonBehind(pair: Pair, text: string): number {
  const [, keyEnd] = rangeOf(pair.key);
  const colon = text.indexOf(":", keyEnd);
  if (colon === -1) throw new NotEditable("a setting without a colon");
  return colon;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** Behind the line end, or the end of the text. */
function nextLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end + 1;
}

function splice(text: string, from: number, to: number, inserted: string): string {
  return text.slice(0, from) + inserted + text.slice(to);
}

/** Whole lines, each ended; what stands before them is ended too. */
function insertLines(text: string, at: number, lines: readonly string[]): string {
  const end = lineEnd(text);
  const lead = at > 0 && text[at - 1] !== "\n" ? end : "";
  return splice(text, at, at, lead + lines.map((line) => line + end).join(""));
}

/** Gives a setting of a section a value, behind the others when it is new. */
export function setValue(text: string, map: YAMLMap, isKey: IsKey, key: string, value: Plain): string {
  const pair = findPair(map, isKey);
  return pair === undefined ? addPair(text, map, key, value) : replaceValue(text, pair, value);
}

function addPair(text: string, map: YAMLMap, key: string, value: Plain): string {
  const last = map.items.at(-1);
  if (map.flow === true || last === undefined) {
    const entry = `${keyText(key)}: ${flowText(value)}`;
    if (last !== undefined) {
      const end = pairEnd(last, text);
      return splice(text, end, end, `, ${entry}`);
    }
    const [start, end] = rangeOf(map);
    return splice(text, start, end, `{ ${entry} }`);
  }
  const [first] = map.items;
  const [firstKey] = rangeOf(first?.key);
  const indent = " ".repeat(firstKey - lineStart(text, firstKey));
  const lines = blockLines({ [key]: value }).map((line) => indent + line);
  return insertLines(text, nextLine(text, pairEnd(last, text)), lines);
}

export function replaceValue(text: string, pair: Pair, value: Plain): string {
  const node: unknown = pair.value;
  if (Array.isArray(value) && isSeq(node) && node.flow !== true) {
    if (value.length === 0) return emptyList(text, pair, node);
    const edited = editItems(text, node, value as readonly Plain[]);
    if (edited !== undefined) return edited;
  }
  if (node === null || node === undefined || (isScalar(node) && node.value === null)) {
    const colon = colonBehind(pair, text);
    const written = node == null ? colon + 1 : contentEnd(node, text);
    return splice(text, colon + 1, Math.max(colon + 1, written), ` ${flowText(value)}`);
  }
  const isBlock = (isCollection(node) && node.flow !== true) || (isScalar(node) && isBlockScalar(node.type));
  const start = isBlock ? colonBehind(pair, text) + 1 : rangeOf(node)[0];
  return splice(text, start, contentEnd(node, text), (isBlock ? " " : "") + flowText(value));
}

function isBlockScalar(type: unknown): boolean {
  return type === "BLOCK_LITERAL" || type === "BLOCK_FOLDED";
}

/** Takes lines out of a list and puts new ones at its end; undefined when that does not make `wanted`. */
function editItems(text: string, list: YAMLSeq, wanted: readonly Plain[]): string | undefined {
  const before = list.items.map((item) => (isScalar(item) ? item.value : undefined));
  if (before.some((value) => value === undefined) || new Set(before).size < before.length) return undefined;
  const kept = before.filter((value) => wanted.includes(value as Plain));
  if (kept.length === 0 || kept.some((value, index) => value !== wanted[index])) return undefined;
  const added = wanted.slice(kept.length);
  const lastEnd = nextLine(text, contentEnd(list, text));
  const [firstStart] = rangeOf(list.items[0]);
  const opening = lineStart(text, firstStart);
  const indent = /^ */.exec(text.slice(opening))?.[0] ?? "";
  let edited = insertLines(
    text,
    lastEnd,
    added.map((value) => `${indent}- ${flowText(value)}`),
  );
  for (const [index, item] of [...list.items.entries()].reverse()) {
    if (wanted.includes(before[index] as Plain)) continue;
    const [start] = rangeOf(item);
    edited = splice(edited, lineStart(text, start), nextLine(text, contentEnd(item, text)), "");
  }
  return edited;
}

/** Takes a setting out of a section; `parent` holds the section, for when nothing is left of it. */
export function deletePair(text: string, map: YAMLMap, pair: Pair, parent: Pair | undefined): string {
  const index = map.items.indexOf(pair);
  const [keyStart] = rangeOf(pair.key);
  const end = pairEnd(pair, text);
  if (map.items.length === 1) {
    if (map.flow === true) return splice(text, ...rangeOf(map), "{}");
    if (parent === undefined) throw new NotEditable("nothing would be left of the section");
    return replaceValue(text, parent, {});
  }
  const next = map.items[index + 1];
  if (map.flow === true) {
    if (next !== undefined) return splice(text, keyStart, rangeOf(next.key)[0], "");
    const previous = map.items[index - 1];
    return splice(text, previous === undefined ? keyStart : pairEnd(previous, text), end, "");
  }
  const opening = lineStart(text, keyStart);
  if (text.slice(opening, keyStart).trim() === "") return splice(text, opening, nextLine(text, end), "");
  // The first setting of a list's entry, behind the dash.
  if (next === undefined) throw new NotEditable("nothing would be left of the entry");
  return splice(text, keyStart, rangeOf(next.key)[0], "");
}

/** Adds sections to a list; `pair` is the list's setting. */
export function addItems(text: string, pair: Pair, items: readonly Section[]): string {
  const list: unknown = pair.value;
  if (isAlias(list)) throw new NotEditable(`${keyOf(pair)} is an alias`);
  if (isSeq(list) && list.items.length > 0) {
    if (list.flow === true) {
      const end = contentEnd(list.items.at(-1), text);
      return splice(text, end, end, items.map((item) => `, ${flowText(item)}`).join(""));
    }
    const [firstStart] = rangeOf(list.items[0]);
    const opening = lineStart(text, firstStart);
    const indent = /^ */.exec(text.slice(opening))?.[0] ?? "";
    const at = behindComments(text, nextLine(text, contentEnd(list, text)), indent.length);
    return insertLines(
      text,
      at,
      items.flatMap((item) => itemLines(item, indent)),
    );
  }
  const empty = list == null ? undefined : contentEnd(list, text);
  const colon = colonBehind(pair, text);
  const cleared = empty === undefined ? text : splice(text, colon + 1, Math.max(colon + 1, empty), "");
  return insertLines(
    cleared,
    nextLine(cleared, colon),
    items.flatMap((item) => itemLines(item, "  ")),
  );
}

function itemLines(item: Section, indent: string): string[] {
  return blockLines(item).map((line, index) => `${indent}${index === 0 ? "- " : "  "}${line}`);
}

/** Comments deeper than the list's dashes belong to its last entry. */
function behindComments(text: string, at: number, column: number): number {
  let behind = at;
  for (let from = at; from < text.length; from = nextLine(text, from)) {
    const line = text.slice(from, nextLine(text, from));
    if (line.trim() === "") continue;
    if (!/^\s*#/.test(line) || line.search(/\S/) <= column) break;
    behind = nextLine(text, from);
  }
  return behind;
}

/** Takes an entry out of a list, with the comment right above it where that is not the list's first. */
export function deleteItem(text: string, pair: Pair, index: number): string {
  const list: unknown = pair.value;
  if (!isSeq(list)) throw new NotEditable(`${keyOf(pair)} is not a list`);
  if (list.items.length === 1) return replaceValue(text, pair, []);
  const item: unknown = list.items[index];
  if (list.flow === true) {
    const [start] = rangeOf(item);
    const next: unknown = list.items[index + 1];
    if (next !== undefined) return splice(text, start, rangeOf(next)[0], "");
    return splice(text, contentEnd(list.items[index - 1], text), contentEnd(item, text), "");
  }
  const [start] = rangeOf(item);
  const opening = lineStart(text, start);
  const column = text.slice(opening).search(/\S/);
  const to = behindComments(text, nextLine(text, contentEnd(item, text)), column);
  return splice(text, index > 0 ? beforeComments(text, opening, column) : opening, to, "");
}

/** Takes all entries out of a list, with the comments that stand among them and right above the first. */
function emptyList(text: string, pair: Pair, list: YAMLSeq): string {
  const [start] = rangeOf(list.items[0]);
  const opening = lineStart(text, start);
  const column = text.slice(opening).search(/\S/);
  const to = behindComments(text, nextLine(text, contentEnd(list, text)), column);
  const colon = colonBehind(pair, text);
  const from = beforeComments(text, opening, column);
  return splice(splice(text, from, to, ""), colon + 1, colon + 1, " []");
}

/** Where the comments begin that stand right above a line, in the same column. */
function beforeComments(text: string, opening: number, column: number): number {
  let from = opening;
  while (from > 0) {
    const above = lineStart(text, from - 1);
    const line = text.slice(above, from);
    if (!/^\s*#/.test(line) || line.search(/\S/) !== column) break;
    from = above;
  }
  return from;
}

/**
 * Takes a setting out of the top level, with the comments right above it and those behind it that are indented as what it holds
 * is. What the file begins with is about all of it, and stays.
 */
export function deleteTopLevel(text: string, map: YAMLMap, pair: Pair): string {
  const opening = lineStart(text, rangeOf(pair.key)[0]);
  if (map.flow === true || map.items.length === 1) return deletePair(text, map, pair, undefined);
  const above = beforeComments(text, opening, 0);
  const behind = behindComments(text, nextLine(text, pairEnd(pair, text)), 0);
  const from = above === 0 ? opening : above;
  // One empty line between two sections is left of two.
  const isApart = /(?:^|\n)\r?\n$/.test(text.slice(0, from));
  const empty = isApart ? (/^(?:[ \t]*\r?\n)+/.exec(text.slice(behind))?.[0].length ?? 0) : 0;
  return splice(text, from, behind + empty, "");
}

/** Adds a setting at the top level. */
export function addTopLevel(text: string, document: Document, key: string, value: Plain): string {
  const { contents } = document;
  if (!isMap(contents)) throw new NotEditable("the file is not a set of settings");
  if (contents.flow === true || /^\.\.\.\s*$/m.test(text)) return addPair(text, contents, key, value);
  const sections = Array.isArray(value) ? (value as readonly Plain[]).filter(isFilledSection) : [];
  const lines =
    sections.length > 0
      ? [`${keyText(key)}:`, ...sections.flatMap((item) => itemLines(item, "  "))]
      : blockLines({ [key]: value });
  return insertLines(text, text.length, lines);
}
