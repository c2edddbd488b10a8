/**
 * JSON from strangers (RFC 8259, and I-JSON, RFC 7493): one reading only, and bounded. Names that stand twice in an object,
 * halves of surrogate pairs, octets that are not UTF-8, deep nesting and very many values are refused: whoever looked at
 * the text before may have read another message in it, and memory is for mail.
 */
export interface JsonLimits {
  readonly maxDepth: number;
  /** Objects, lists and strings together. */
  readonly maxValues: number;
  /** Commas: what a list of numbers costs. */
  readonly maxItems: number;
}

export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: string };

const quote = 34;
const comma = 44;
const colon = 58;
const openBracket = 91;
const backslash = 92;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Never throws. Cost: the parser's, and a pass over what is not within strings. */
export function readStrictJson(octets: Buffer, limits: JsonLimits): StrictJson {
  let text: string;
  try {
    text = utf8.decode(octets);
  } catch {
    return fault("it is not UTF-8");
  }
  const structure = structureFault(octets, limits);
  if (structure !== undefined) return fault(structure);
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    // The parser repeats what stands there, which may be a secret.
    const [, position] = /position (\d+)/.exec(String(error)) ?? [];
    return fault(position === undefined ? "it ends too early" : `at character ${position}`);
  }
}

function fault(what: string): StrictJson {
  return { ok: false, fault: what };
}

/**
 * Looks at brackets, names and strings. What is no JSON beyond that the parser finds. Of octets: what it looks for is ASCII,
 * and reading a long string character by character can cost its length each time.
 */
function structureFault(octets: Buffer, { maxDepth, maxValues, maxItems }: JsonLimits): string | undefined {
  /** Names met so far, of each object that is open; undefined: a list. */
  const open: (Set<string> | undefined)[] = [];
  const hasEscapes = octets.includes(unicodeEscape);
  let values = 0;
  let items = 0;
  for (let i = 0; i < octets.length; i++) {
    switch (octets[i]!) {
      case openBrace:
      case openBracket:
        if (open.length === maxDepth) return `it is nested more than ${maxDepth} deep`;
        open.push(octets[i] === openBrace ? new Set() : undefined);
        values++;
        break;
      case closeBrace:
      case closeBracket:
        open.pop();
        break;
      case comma:
        items++;
        break;
      case quote: {
        const end = stringEnd(octets, i);
        if (end < 0) return "a string has no end";
        values++;
        if (hasEscapes && !isWellFormed(octets.toString("latin1", i, end)))
          return `a half of a surrogate pair stands at octet ${i}`;
        const names = open.at(-1);
        if (names !== undefined && isName(octets, end)) {
          const name = stringValue(octets.toString("utf8", i, end));
          if (name === undefined) return `at octet ${i}`;
          if (names.has(name))
            return `a name stands twice in an object: ${JSON.stringify(name.slice(0, 40))}`;
          names.add(name);
        }
        i = end - 1;
      }
    }
    if (values > maxValues || items > maxItems) return "it holds too many values";
  }
  return undefined;
}

/** Index behind the closing quote, -1 without one. */
function stringEnd(octets: Buffer, from: number): number {
  for (let at = octets.indexOf(quote, from + 1); at >= 0; at = octets.indexOf(quote, at + 1)) {
    let backslashes = 0;
    while (octets[at - 1 - backslashes] === backslash) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
  return -1;
}

/** A colon follows. */
function isName(octets: Buffer, from: number): boolean {
  let i = from;
  for (let c = octets[i]; c === 32 || c === 9 || c === 10 || c === 13; c = octets[++i]);
  return octets[i] === colon;
}

function stringValue(literal: string): string | undefined {
  if (!literal.includes("\\")) return literal.slice(1, -1);
  try {
    return JSON.parse(literal) as string;
  } catch {
    return undefined;
  }
}

const unicodeEscape = "\\u";

/** Decoded UTF-8 has whole pairs only: halves come by escapes, and both of a pair stand side by side. */
function isWellFormed(literal: string): boolean {
  if (!literal.includes(unicodeEscape)) return true;
  let highEnd = -1;
  for (const { 0: escape, 1: hex, index } of literal.matchAll(/\\(?:u([0-9a-fA-F]{4})|.)/gs)) {
    const code = hex === undefined ? 0 : Number.parseInt(hex, 16);
    const isLow = code >= 0xdc00 && code <= 0xdfff;
    const followsHigh = highEnd === index;
    if ((highEnd >= 0 && !(followsHigh && isLow)) || (isLow && !followsHigh)) return false;
    highEnd = code >= 0xd800 && code <= 0xdbff ? index + escape.length : -1;
  }
  return highEnd < 0;
}
