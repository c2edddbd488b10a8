/** Binds the words behind a command to its parameters, as PowerShell does, or as POSIX programs do: `--kebab-case`. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { isSwitchedOff, type ParameterWord } from "../exchange-words/parameter-word.ts";
import { wordsOf } from "../exchange-words/parameters.ts";
import { findName } from "./find-name.ts";
import { readValue } from "./read-value.ts";
import type { Arguments, Value } from "./value.ts";

export type Bound =
  | {
      readonly ok: true;
      readonly args: Arguments;
      /** What of Exchange's parameters was left aside, and why. */
      readonly notes: readonly string[];
    }
  | {
      readonly ok: false;
      /** In the order of the words. */
      readonly faults: readonly string[];
      /** Every fault is a parameter of Exchange's, and says itself what to type. */
      readonly told: boolean;
    };

/**
 * `-Name`, `-Name:value`, `--kebab-name=value`. A lone `-` and negative numbers are values. What is copied from a
 * page may begin with a dash, as in PowerShell.
 */
const namePattern = /^(?:--?|[–—―])([A-Za-z?][A-Za-z0-9-]*|\?)(?:([:=])([^]*))?$/;
const listKinds: readonly string[] = ["list", "changeableList", "numbers"];

export function bindArguments(cmdlet: Pick<Cmdlet, "name" | "parameters">, words: readonly string[]): Bound {
  const { parameters } = cmdlet;
  const texts = new Map<Parameter, string>();
  const restWords: string[] = [];
  const faults: string[] = [];
  const places = parameters
    .filter(({ position }) => typeof position === "number")
    .sort((a, b) => Number(a.position) - Number(b.position));
  const rest = parameters.find(({ position }) => position === "rest");
  const notes: string[] = [];
  const refused: string[] = [];
  let exchange: readonly ParameterWord[] | undefined;
  const exchangeWords = (): readonly ParameterWord[] => (exchange ??= wordsOf(cmdlet.name, parameters));
  let lastList: Parameter | undefined;
  let literal = false;

  const give = (parameter: Parameter, text: string): void => {
    const before = texts.get(parameter);
    if (before === undefined) texts.set(parameter, text);
    else if (listKinds.includes(parameter.kind)) texts.set(parameter, `${before},${text}`);
    else faults.push(`-${parameter.name} is given twice`);
  };
  const giveNamed = (name: string, text: string): void => {
    const found = findName(name, parameters, { exactly: true });
    if (found.kind === "found") give(found.item, text);
  };
  /** `typed`: the parameter, or the word that stands in its place. */
  const answer = ({ answer: its }: ParameterWord, typed: string, text: string | undefined): void => {
    if ("renamed" in its) giveNamed(its.renamed, text ?? "");
    else if ("becomes" in its) {
      if (!isSwitchedOff(text)) giveNamed(...its.becomes);
    } else if ("ignored" in its) {
      if (its.ignored !== "") notes.push(`${typed} is left aside: ${its.ignored}`);
    } else if (isSwitchedOff(text)) notes.push(`${typed} ${text} is how it is anyway: ${its.refused}`);
    else refused.push(`${typed} is not supported: ${its.refused}`);
  };

  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    const match = literal ? null : namePattern.exec(word);
    if (word === "--" && !literal) {
      literal = true;
      continue;
    }
    if (match === null) {
      const place = places.find((parameter) => !texts.has(parameter)) ?? lastList;
      const exchangePlace =
        place === undefined ? exchangeWords().find(({ position }) => position !== undefined) : undefined;
      if (place === undefined && rest !== undefined) restWords.push(word);
      else if (exchangePlace !== undefined) answer(exchangePlace, shown(word), word);
      else if (place === undefined) faults.push(`${shown(word)} is one word too many`);
      else give(place, word);
      continue;
    }
    const found = findName(match[1] ?? "", parameters);
    const exchangeWord = isNamed(match[1] ?? "", parameters)
      ? undefined
      : exchangeWordFor(match[1] ?? "", exchangeWords(), found.kind === "unknown");
    if (exchangeWord !== undefined) {
      const next = words[i + 1];
      const takesNext =
        match[2] === undefined &&
        exchangeWord.takes === "value" &&
        next !== undefined &&
        !namePattern.test(next);
      answer(
        exchangeWord,
        `-${match[1]}`,
        match[2] === undefined ? (takesNext ? next : undefined) : match[3],
      );
      if (takesNext) {
        i++;
        while (words[i]?.endsWith(",") && i + 1 < words.length) i++;
      }
      lastList = undefined;
      continue;
    }
    if (found.kind !== "found") {
      faults.push(
        found.kind === "ambiguous"
          ? `${word} may be ${found.names.map((name) => `-${name}`).join(" or ")}`
          : `${cmdlet.name} has no parameter ${shown(word)}${found.suggestion === undefined ? "" : `; did you mean -${found.suggestion}?`}`,
      );
      // What stands behind an unknown parameter is most likely its value.
      if (match[2] === undefined && i + 1 < words.length && !namePattern.test(words[i + 1] ?? "")) i++;
      continue;
    }
    const parameter = found.item;
    if (parameter.refused !== undefined) {
      faults.push(`-${parameter.name}: ${parameter.refused}`);
      if (match[2] === undefined && i + 1 < words.length && !namePattern.test(words[i + 1] ?? "")) i++;
      continue;
    }
    lastList = listKinds.includes(parameter.kind) ? parameter : undefined;
    if (match[2] !== undefined) {
      give(parameter, match[3] ?? "");
      continue;
    }
    const next = words[i + 1];
    if (parameter.kind === "switch") {
      give(parameter, "true");
    } else if (next === undefined || namePattern.test(next)) {
      faults.push(`-${parameter.name} needs a value${shellHint(parameter)}`);
    } else {
      give(parameter, next);
      i++;
      // PowerShell and people put blanks behind commas.
      while (lastList !== undefined && words[i]?.endsWith(",") && i + 1 < words.length)
        give(parameter, words[++i] ?? "");
    }
  }

  const args = new Map<string, Value>();
  if (rest !== undefined) args.set(rest.name, restWords);
  for (const [parameter, text] of texts) {
    const read = readValue(parameter, text);
    if (read.ok) args.set(parameter.name, read.value);
    else faults.push(`-${parameter.name} ${read.message}`);
  }
  for (const { name, required } of parameters)
    if (required && !args.has(name) && !faults.some((fault) => fault.startsWith(`-${name} `)))
      faults.push(`-${name} is missing`);
  if (faults.length === 0 && refused.length === 0) return { ok: true, args, notes };
  return { ok: false, faults: [...refused, ...faults], told: faults.length === 0 };
}

function isNamed(typed: string, parameters: readonly Parameter[]): boolean {
  return findName(typed, parameters, { exactly: true }).kind === "found";
}

/** By its whole name; by a beginning only where no parameter of the command begins so. */
function exchangeWordFor(
  typed: string,
  words: readonly ParameterWord[],
  byBeginning: boolean,
): ParameterWord | undefined {
  const found = findName(typed, words, { exactly: !byBeginning });
  return found.kind === "found" ? found.item : undefined;
}

/** An unquoted `$true` or `$null` is gone before this program sees it. */
function shellHint({ kind }: Parameter): string {
  if (kind === "boolean") return ": true or false (in a POSIX shell without the $)";
  return kind === "value" || kind === "changeableList" ? " ('$null' in quotes for the default)" : "";
}

function shown(word: string): string {
  return word.length > 60 ? `${word.slice(0, 60)}…` : word;
}
