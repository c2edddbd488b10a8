/** Reads the YAML text of a configuration: plain values, and where each of them stands. */
import {
  type Document,
  Lexer,
  LineCounter,
  Parser,
  type Node,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from "yaml";
import type { Fault, Locate, PathSegment, Position } from "./fault.ts";
import { quoted } from "../core/units/parsed.ts";
import { canonicalName } from "./setting-names.ts";
import { whyNoText } from "./text-encoding.ts";

export type YamlSource =
  | { readonly ok: true; readonly value: unknown; readonly locate: Locate }
  | {
      readonly ok: false;
      readonly faults: readonly Fault[];
      /** What can be read in spite of them, for looking for further faults. */
      readonly rest?: { readonly value: unknown; readonly locate: Locate };
    };

/** YAML 1.2 core, one document, no tags of its own. */
export const yamlOptions = {
  version: "1.2",
  schema: "core",
  strict: true,
  // Checked below: the library compares every key with every other.
  uniqueKeys: false,
  stringKeys: true,
  prettyErrors: false,
  logLevel: "error",
} as const;

const maxLength = 1_000_000;
const maxAliasCount = 100;
const maxDepth = 100;
const maxProblems = 100;

/** YAML 1.2 core, one document, unique keys, no tags of its own, few aliases. Never throws. */
export function readYaml(text: string): YamlSource {
  if (text.length > maxLength) return refused(`the file is larger than ${maxLength} characters`);
  const noText = whyNoText(text);
  if (noText !== undefined) return refused(`the file ${noText}`);
  if (isTooDeep(text)) return refused("nested too deeply");
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { ...yamlOptions, lineCounter: lines });
    const problems = [...document.errors, ...document.warnings].slice(0, maxProblems);
    if (problems.length > 0) {
      return {
        ok: false,
        faults: problems.map((problem) => ({
          path: "",
          ...position(lines, problem.pos[0]),
          message:
            problem.code === "MULTIPLE_DOCS"
              ? "more than one YAML document (---) in the file"
              : problem.message,
        })),
      };
    }
    const value: unknown = document.toJS({ maxAliasCount });
    const locate: Locate = (path, part) => position(lines, offsetOf(document, path, part));
    const twice = keysGivenTwice(document, lines);
    return twice.length === 0
      ? { ok: true, value, locate }
      : { ok: false, faults: twice.slice(0, maxProblems), rest: { value, locate } };
  } catch (error) {
    return refused(
      error instanceof RangeError
        ? "nested too deeply"
        : error instanceof Error
          ? error.message
          : String(error),
    );
  }
}

/**
 * Building a document recurses; without a bound, deep nesting ends the whole process (V8 gives up when it
 * compiles a regular expression with no stack left). The parser itself keeps its own stack.
 */
function isTooDeep(text: string): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    Array.from(parser.next(lexeme));
    if (parser.stack.length > maxDepth) return true;
  }
  return false;
}

function keysGivenTwice(document: Document, lines: LineCounter): readonly Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = String(isScalar(key) ? key.value : key);
        if (seen.has(name)) {
          faults.push({
            path: "",
            ...position(lines, startOf(key, 0)),
            message: `${quoted(name)} is given twice`,
          });
        }
        seen.add(name);
      }
    },
  });
  return faults;
}

function refused(message: string): YamlSource {
  return { ok: false, faults: [{ path: "", line: 1, column: 1, message }] };
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function offsetOf(document: Document, path: readonly PathSegment[], part: "key" | "value" = "value"): number {
  const section = String(path[0]);
  let node: unknown = document.contents;
  let offset = startOf(node, 0);
  for (const [index, segment] of path.entries()) {
    const container = isAlias(node) ? node.resolve(document) : node;
    if (isMap(container)) {
      const wanted = canonicalName(String(segment), section);
      const pair = container.items.find((item) => isPair(item) && nameOf(item.key, section) === wanted);
      if (!pair) return offset;
      const wantsKey = part === "key" && index === path.length - 1;
      const keyOffset = startOf(pair.key, offset);
      offset = wantsKey ? keyOffset : startOf(pair.value, keyOffset);
      node = pair.value;
    } else if (isSeq(container)) {
      const item: unknown = container.items[Number(segment)];
      if (item === undefined) return offset;
      offset = startOf(item, offset);
      node = item;
    } else {
      return offset;
    }
  }
  return offset;
}

function nameOf(key: unknown, section: string): string {
  return canonicalName(String(isScalar(key) ? key.value : key), section);
}

function startOf(node: unknown, otherwise: number): number {
  return isNode(node) ? ((node as Node).range?.[0] ?? otherwise) : otherwise;
}
