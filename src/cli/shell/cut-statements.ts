/**
 * Lines of PowerShell cut into statements, pipes and words, as far as commands need it. Source: "about_Parsing",
 * "about_Quoting_Rules", "about_Special_Characters".
 */

export interface Word {
  /** Without quotes; a list keeps them around its items, and braces what is in them. */
  readonly text: string;
  /** It is one quoted text: never a parameter, an operator or an expression. */
  readonly quoted: boolean;
}
export type Command = readonly Word[];
/** Commands joined by `|`. */
export type Statement = readonly Command[];

export type Cut =
  | { readonly kind: "statements"; readonly statements: readonly Statement[] }
  /** Something is not closed yet: the next line belongs to it. */
  | { readonly kind: "open"; readonly waitsFor: string }
  | { readonly kind: "fault"; readonly message: string };

class OpenEnd extends Error {}
class CutFault extends Error {}

const single = "'‘’‚‛";
const double = '"“”„';
const closing: Readonly<Record<string, string>> = { "(": ")", "{": "}" };
/** Backquote and letter within double quotes. */
const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0" };

export function cutStatements(text: string): Cut {
  try {
    return { kind: "statements", statements: statementsOf(text) };
  } catch (fault) {
    if (fault instanceof OpenEnd) return { kind: "open", waitsFor: fault.message };
    if (fault instanceof CutFault) return { kind: "fault", message: fault.message };
    throw fault;
  }
}

function statementsOf(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  let pipe: Command[] = [];
  let words: Word[] = [];
  let at = 0;
  const endStatement = (): void => {
    if (words.length > 0) pipe.push(words);
    if (pipe.length > 0) statements.push(pipe);
    pipe = [];
    words = [];
  };
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === "\n" || char === ";") {
      // Behind a | the next line goes on.
      if (char === ";" || words.length > 0) endStatement();
      at++;
    } else if (/\s/.test(char)) at++;
    else if (char === "`" && /^`\r?\n/.test(text.slice(at, at + 3))) at = text.indexOf("\n", at) + 1;
    else if (char === "`" && at === text.length - 1) throw new OpenEnd("the next line");
    else if (text.startsWith("<#", at)) {
      const end = text.indexOf("#>", at);
      if (end < 0) throw new OpenEnd("#>");
      at = end + 2;
    } else if (char === "#") {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (char === "|") {
      if (words.length === 0) throw new CutFault("there is no command before |");
      pipe.push(words);
      words = [];
      at++;
    } else {
      const { word, next } = readWord(text, at);
      words.push(word);
      at = next;
    }
  }
  if (words.length === 0 && pipe.length > 0) throw new OpenEnd("a command behind |");
  endStatement();
  return statements;
}

function readWord(text: string, start: number): { readonly word: Word; readonly next: number } {
  let at = start;
  let plain = "";
  let raw = "";
  let isList = false;
  let pieces = 0;
  let quotedPieces = 0;
  while (at < text.length) {
    const char = text.charAt(at);
    if (/[\s|;]/.test(char)) {
      const rest = /^[ \t]*/.exec(text.slice(at))?.[0].length ?? 0;
      if (raw.endsWith(",") && isList) at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
      else if (text.charAt(at + rest) === ",") at += rest;
      else break;
      if (at >= text.length) throw new OpenEnd("the rest of a list");
      continue;
    }
    pieces++;
    if (single.includes(char) || double.includes(char)) {
      const { value, next } = readQuoted(text, at);
      plain += value;
      raw += `'${value.replaceAll("'", "''")}'`;
      quotedPieces++;
      at = next;
    } else if (char === "(" || char === "{") {
      const next = endOfBalanced(text, at);
      plain += text.slice(at, next);
      raw += text.slice(at, next);
      at = next;
    } else if (char === "`" && at + 1 < text.length) {
      if (/^`\r?\n/.test(text.slice(at, at + 3))) break;
      plain += text.charAt(at + 1);
      raw += text.charAt(at + 1);
      at += 2;
    } else {
      if (char === ",") isList = true;
      plain += char;
      raw += char;
      at++;
    }
  }
  if (isList && raw.endsWith(",")) throw new OpenEnd("the rest of a list");
  const list = /^@\(([^]*)\)$/.exec(raw)?.[1];
  const value = list ?? (isList ? raw : plain);
  return { word: { text: value, quoted: pieces === 1 && quotedPieces === 1 }, next: at };
}

function readQuoted(text: string, start: number): { readonly value: string; readonly next: number } {
  const isDouble = double.includes(text.charAt(start));
  const quotes = isDouble ? double : single;
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charAt(at);
    if (isDouble && char === "`" && at + 1 < text.length) {
      const next = text.charAt(++at);
      value += escapes[next] ?? next;
    } else if (!quotes.includes(char)) value += char;
    else if (at + 1 < text.length && quotes.includes(text.charAt(at + 1))) {
      value += char;
      at++;
    } else return { value, next: at + 1 };
  }
  throw new OpenEnd(isDouble ? '"' : "'");
}

/** Behind the bracket that closes the one at `start`; quotes inside are minded. */
function endOfBalanced(text: string, start: number): number {
  const open: string[] = [];
  let at = start;
  while (at < text.length) {
    const char = text.charAt(at);
    if (single.includes(char) || double.includes(char)) {
      at = readQuoted(text, at).next;
      continue;
    }
    const close = closing[char];
    if (close !== undefined) open.push(close);
    else if (char === ")" || char === "}") {
      if (open.pop() !== char) throw new CutFault(`${char} closes nothing`);
      if (open.length === 0) return at + 1;
    }
    at++;
  }
  throw new OpenEnd(open.at(-1) ?? "");
}
