/**
 * Filters as Exchange's -Filter takes them (OPATH): `Status -eq 'Retry' -and Size -gt 1MB`, also in braces. Comparisons joined by
 * `-and`; names, operators and texts without regard to case; `-like` with `*` and `?`.
 * Source: Exchange, "Queue properties" and "Message properties".
 */
import { parseByteSize } from "../units/byte-size.ts";

/** How a property is compared: sizes in octets, times in milliseconds since 1970. */
export type PropertyKind = "text" | "number" | "size" | "time";
/** By the name as people write it. */
export type PropertyKinds = Readonly<Record<string, PropertyKind>>;
/** An object's properties by the names of `PropertyKinds`. What an object lacks fits only `-ne`. */
export type PropertyBag = Readonly<Record<string, PropertyValue>>;
/** Of several texts one that fits is enough; `-ne` is for none of them. */
export type PropertyValue = string | number | readonly string[] | undefined;

export type ComparisonOperator = "eq" | "ne" | "gt" | "ge" | "lt" | "le" | "like";

export interface Comparison {
  /** In the spelling of `PropertyKinds`. */
  readonly property: string;
  readonly operator: ComparisonOperator;
  /** Texts in lower case. */
  readonly value: string | number;
  readonly fits: (bag: PropertyBag) => boolean;
}

export interface OpathFilter {
  readonly comparisons: readonly Comparison[];
  /** Cost: one comparison for each of the filter; no allocation but for the lower case of texts. */
  readonly matches: (bag: PropertyBag) => boolean;
}

export type ParsedFilter =
  | { readonly ok: true; readonly filter: OpathFilter }
  /** `position`: the character where reading stopped, from 1. */
  | { readonly ok: false; readonly position: number; readonly message: string };

interface Token {
  readonly text: string;
  /** From 0. */
  readonly at: number;
  readonly quoted: boolean;
}

class FilterFault extends Error {
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** Reads a filter. An empty one fits everything. Times without a zone are of the relay's time zone. */
export function parseOpathFilter(text: string, kinds: PropertyKinds): ParsedFilter {
  try {
    const bare = withoutBraces(text);
    const comparisons = readComparisons(tokensOf(bare), kinds, bare.length);
    return {
      ok: true,
      filter: { comparisons, matches: (bag) => comparisons.every(({ fits }) => fits(bag)) },
    };
  } catch (error) {
    if (!(error instanceof FilterFault)) throw error;
    const position = error.at + 1;
    return { ok: false, position, message: `the filter at character ${position}: ${error.message}` };
  }
}

/** PowerShell's script block around it; places stay as they are. */
function withoutBraces(text: string): string {
  const found = /^(\s*)\{([^]*)\}\s*$/.exec(text);
  return found === null ? text : `${found[1]} ${found[2]}`;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (/\s/.test(char)) {
      at++;
    } else if (char === "'" || char === '"') {
      const token = quotedToken(text, at, char);
      tokens.push(token.token);
      at = token.next;
    } else {
      const word = /^[^\s'"]+/.exec(text.slice(at))?.[0] ?? char;
      tokens.push({ text: word, at, quoted: false });
      at += word.length;
    }
  }
  return tokens;
}

/** A quote inside is written twice, as in PowerShell. */
function quotedToken(text: string, at: number, quote: string): { token: Token; next: number } {
  let value = "";
  let next = at + 1;
  for (;;) {
    const end = text.indexOf(quote, next);
    if (end === -1) throw new FilterFault(at, "the quote is not closed");
    value += text.slice(next, end);
    if (text.charAt(end + 1) !== quote) return { token: { text: value, at, quoted: true }, next: end + 1 };
    value += quote;
    next = end + 2;
  }
}

function readComparisons(tokens: readonly Token[], kinds: PropertyKinds, end: number): readonly Comparison[] {
  const comparisons: Comparison[] = [];
  for (let index = 0; index < tokens.length; index += 4) {
    const [name, operator, value, joint] = tokens.slice(index, index + 4);
    comparisons.push(readComparison(name, operator, value, kinds, end));
    if (joint === undefined) break;
    if (joint.quoted || joint.text.toLowerCase() !== "-and")
      throw new FilterFault(joint.at, `comparisons are joined by -and, not by ${joint.text}`);
    if (index + 4 === tokens.length) throw new FilterFault(end, "a comparison is missing behind -and");
  }
  return comparisons;
}

function readComparison(
  name: Token | undefined,
  operator: Token | undefined,
  value: Token | undefined,
  kinds: PropertyKinds,
  end: number,
): Comparison {
  const property = Object.keys(kinds).find((known) => known.toLowerCase() === name?.text.toLowerCase());
  const kind = property === undefined ? undefined : kinds[property];
  if (name === undefined || property === undefined || kind === undefined)
    throw new FilterFault(
      name?.at ?? end,
      `there is no property ${name?.text ?? ""}; there are ${Object.keys(kinds).join(", ")}`,
    );
  if (operator === undefined) throw new FilterFault(end, `an operator is missing behind ${name.text}`);
  const known = operators.find((one) => !operator.quoted && `-${one}` === operator.text.toLowerCase());
  if (known === undefined)
    throw new FilterFault(
      operator.at,
      `${operator.text} is no operator; there are ${operators.map((one) => `-${one}`).join(", ")}`,
    );
  if (value === undefined) throw new FilterFault(end, `a value is missing behind ${operator.text}`);
  if (known === "like") {
    if (kind !== "text") throw new FilterFault(operator.at, `${property} is no text, so -like does not fit`);
    return likeComparison(property, value.text.toLowerCase());
  }
  return comparison(property, known, readValue(value, property, kind));
}

const operators = ["eq", "ne", "gt", "ge", "lt", "le", "like"] as const;

function readValue(token: Token, property: string, kind: PropertyKind): string | number {
  if (kind === "text") return token.text.toLowerCase();
  const value = { number: numberOf, size: sizeOf, time: timeOf }[kind](token.text);
  if (value === undefined)
    throw new FilterFault(token.at, `${token.text} is no ${kind}, as ${property} needs it`);
  return value;
}

function numberOf(text: string): number | undefined {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function sizeOf(text: string): number | undefined {
  const read = parseByteSize(text);
  return read.ok ? read.value : undefined;
}

function timeOf(text: string): number | undefined {
  const found = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d:\d\d)?)?$/i.exec(
    text,
  );
  if (found === null) return undefined;
  const at = Date.parse(`${found[1]}T${found[2] ?? "00:00"}${found[3]?.toUpperCase() ?? ""}`);
  return Number.isNaN(at) ? undefined : at;
}

function comparison(
  property: string,
  operator: Exclude<ComparisonOperator, "like">,
  value: string | number,
): Comparison {
  const holds = orders[operator];
  const fitsOne = (own: string | number): boolean => {
    const compared = typeof own === "string" ? own.toLowerCase() : own;
    return holds(compared < value ? -1 : compared > value ? 1 : 0);
  };
  const fits = (bag: PropertyBag): boolean => {
    const own = bag[property];
    if (own === undefined) return operator === "ne";
    if (typeof own !== "object") return fitsOne(own);
    return operator === "ne" ? own.every(fitsOne) : own.some(fitsOne);
  };
  return { property, operator, value, fits };
}

const orders = {
  eq: (order: number) => order === 0,
  ne: (order: number) => order !== 0,
  gt: (order: number) => order > 0,
  ge: (order: number) => order >= 0,
  lt: (order: number) => order < 0,
  le: (order: number) => order <= 0,
} as const;

function likeComparison(property: string, pattern: string): Comparison {
  const fits = (bag: PropertyBag): boolean => {
    const own = bag[property];
    if (typeof own === "object") return own.some((one) => isLike(one.toLowerCase(), pattern));
    return own !== undefined && isLike(String(own).toLowerCase(), pattern);
  };
  return { property, operator: "like", value: pattern, fits };
}

/** Greedy with one step back to the last star: never more than length times length steps. */
export function isLike(text: string, pattern: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    const wanted = pattern.charAt(place);
    if (wanted === "*") {
      star = place++;
      resume = at;
    } else if (place < pattern.length && (wanted === "?" || wanted === text.charAt(at))) {
      place++;
      at++;
    } else if (star !== -1) {
      place = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pattern.charAt(place) === "*") place++;
  return place === pattern.length;
}
