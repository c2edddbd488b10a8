/** What `where` asks of each object: `{$_.Status -eq 'Retry' -and $_.MessageCount -gt 10}`. Source: "about_Operators". */
import { propertyOf, type ShownObject } from "../objects/shown-object.ts";
import { readInstant } from "../arguments/instant.ts";
import { CommandFault } from "../exit-code.ts";
import { compareValues, isLike, isTrue } from "./compare-values.ts";

export type Condition = (object: ShownObject) => boolean;
export type ParsedCondition =
  | { readonly ok: true; readonly condition: Condition; readonly properties: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** A value of an object, or one that stands in the text. */
type Operand = (object: ShownObject) => unknown;

interface Token {
  readonly text: string;
  readonly quoted: boolean;
}

class ConditionFault extends Error {}

/** `text`: what stands between the braces. */
export function parseCondition(text: string): ParsedCondition {
  try {
    const reader = new Reader(tokensOf(text));
    const condition = reader.whole();
    return { ok: true, condition, properties: reader.properties };
  } catch (fault) {
    if (!(fault instanceof ConditionFault)) throw fault;
    return { ok: false, message: fault.message };
  }
}

/** `where Status -eq Retry`: the words behind `where`. */
export function parseSimpleCondition(words: readonly string[]): ParsedCondition {
  const [property = "", operator, ...values] = words.filter((word) => !/^-(?:property|value)$/i.test(word));
  const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;
  const value = values.map((it) => (/^\$(?:true|false|null)$/i.test(it) ? it : quoted(it))).join(",");
  return parseCondition(`$_.${property.replace(/^\$_\./, "")} ${operator ?? ""} ${value}`.trim());
}

const tokenPattern =
  /\s*(?:'((?:[^']|'')*)'|"((?:[^"`]|""|`[^])*)"|(\(\s*Get-Date\s*\)(?:\.\w+(?:\([^)]*\))?)*|\$[\w.]+|-[A-Za-z]+|[(),!]|[^\s(),!'"]+))/iy;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.trimEnd().length) {
    const at = tokenPattern.lastIndex;
    const found = tokenPattern.exec(text);
    if (found === null) throw new ConditionFault(`not understood: ${text.slice(at).trim()}`);
    const [, single, double, bare] = found;
    if (bare !== undefined) tokens.push({ text: bare, quoted: false });
    else
      tokens.push({
        text:
          single?.replaceAll("''", "'") ?? double?.replaceAll('""', '"').replaceAll(/`([^])/g, "$1") ?? "",
        quoted: true,
      });
  }
  return tokens;
}

class Reader {
  readonly properties: string[] = [];
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Condition {
    const condition = this.#any();
    const left = this.#tokens[this.#at];
    if (left !== undefined) throw new ConditionFault(`${left.text} is not expected there`);
    return condition;
  }

  #any(): Condition {
    const parts = [this.#every()];
    while (this.#take("-or")) parts.push(this.#every());
    return (object) => parts.some((part) => part(object));
  }

  #every(): Condition {
    const parts = [this.#one()];
    while (this.#take("-and")) parts.push(this.#one());
    return (object) => parts.every((part) => part(object));
  }

  #one(): Condition {
    if (this.#take("!") || this.#take("-not")) {
      const inner = this.#one();
      return (object) => !inner(object);
    }
    if (this.#take("(")) {
      const inner = this.#any();
      if (!this.#take(")")) throw new ConditionFault("a ) is missing");
      return inner;
    }
    const left = this.#operand();
    const token = this.#tokens[this.#at];
    if (
      token === undefined ||
      token.quoted ||
      !token.text.startsWith("-") ||
      /^-(?:and|or)$/i.test(token.text)
    )
      return (object) => isTrue(left(object));
    this.#at++;
    const holds =
      operators[
        token.text
          .slice(1)
          .toLowerCase()
          .replace(/^[ci](?=eq|ne|gt|ge|lt|le|like|match|not|contains|in$)/, "")
      ];
    if (holds === undefined)
      throw new ConditionFault(
        `${token.text} is no operator; there are ${Object.keys(operators)
          .map((name) => `-${name}`)
          .join(", ")}`,
      );
    const right = this.#operands();
    return (object) => holds(left(object), right(object));
  }

  /** One value, or several with commas between. */
  #operands(): Operand {
    const all = [this.#operand()];
    while (this.#take(",")) all.push(this.#operand());
    const [only] = all;
    return all.length === 1 && only !== undefined ? only : (object) => all.map((one) => one(object));
  }

  #operand(): Operand {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new ConditionFault("a value is missing");
    const { text, quoted } = token;
    if (quoted) return () => text;
    const path = /^\$(?:_|PSItem)\.([\w.]+)$/i.exec(text)?.[1];
    if (path !== undefined) return this.#property(path);
    if (/^\$(?:_|PSItem)$/i.test(text)) return (object) => propertyOf(object, "value");
    if (/^\$(?:true|false)$/i.test(text)) return () => text.toLowerCase() === "$true";
    if (/^\$null$/i.test(text)) return () => null;
    if (text.startsWith("$")) throw new ConditionFault(`${text} is unknown; this shell has no variables`);
    if (/^\(\s*Get-Date/i.test(text)) {
      const at = readInstant(text, new Date());
      if (at === undefined) throw new ConditionFault(`${text} is no instant`);
      return () => at.toISOString();
    }
    if (text === "," || text === ")") throw new ConditionFault(`a value is missing before ${text}`);
    return () => text;
  }

  #property(path: string): Operand {
    const [name = "", ...inner] = path.split(".");
    this.properties.push(name);
    return (object) => {
      let value = propertyOf(object, name);
      for (const key of inner) {
        // Exchange's values have parts that are plain here: .Value, .IsUnlimited.
        if (typeof value !== "object" || value === null) break;
        value = propertyOf({ json: value as Readonly<Record<string, unknown>>, texts: new Map() }, key);
      }
      return value;
    };
  }

  #take(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.quoted || token.text.toLowerCase() !== text) return false;
    this.#at++;
    return true;
  }
}

type Holds = (left: unknown, right: unknown) => boolean;

/** Of a list each item is asked, as PowerShell does. */
const ofEach =
  (holds: Holds): Holds =>
  (left, right) =>
    Array.isArray(left) ? left.some((item) => holds(item, right)) : holds(left, right);
const includes: Holds = (list, item) =>
  (Array.isArray(list) ? list : [list]).some((one) => compareValues(one, item) === 0);
const matches: Holds = (left, right) => {
  try {
    return new RegExp(String(right), "i").test(textOf(left));
  } catch {
    throw new CommandFault(`${String(right)} is no regular expression`, 2);
  }
};
const like: Holds = (left, right) => isLike(textOf(left), String(right));

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

const operators: Readonly<Record<string, Holds>> = {
  eq: ofEach((a, b) => compareValues(a, b) === 0),
  ne: ofEach((a, b) => compareValues(a, b) !== 0),
  gt: ofEach((a, b) => compareValues(a, b) > 0),
  ge: ofEach((a, b) => compareValues(a, b) >= 0),
  lt: ofEach((a, b) => compareValues(a, b) < 0),
  le: ofEach((a, b) => compareValues(a, b) <= 0),
  like: ofEach(like),
  notlike: ofEach((a, b) => !like(a, b)),
  match: ofEach(matches),
  notmatch: ofEach((a, b) => !matches(a, b)),
  contains: includes,
  notcontains: (a, b) => !includes(a, b),
  in: (a, b) => includes(b, a),
  notin: (a, b) => !includes(b, a),
};
