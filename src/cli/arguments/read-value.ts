/** From the text behind a parameter to its value. */
import { parseDuration } from "../../core/units/duration.ts";
import { parseUnlimited } from "../../core/units/unlimited.ts";
import type { Parameter } from "../cmdlet.ts";
import { nearestName } from "./find-name.ts";
import { parseHashtable } from "./hashtable.ts";
import { splitCertificateNames, splitList, unquoted } from "./list.ts";
import { withoutServer } from "./server-prefix.ts";
import type { Value } from "./value.ts";

export type ReadValue =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly message: string };

const ok = (value: Value): ReadValue => ({ ok: true, value });
const refused = (message: string): ReadValue => ({ ok: false, message });

/** `text` is one argument; for lists the arguments joined by commas. Messages begin behind the parameter's name. */
export function readValue(parameter: Parameter, text: string): ReadValue {
  if (text === "System.Collections.Hashtable")
    return refused(`got a hashtable that PowerShell turned to text; put it in quotes: "@{Add='…'}"`);
  if (text.toLowerCase() === "$null") return ok(null);
  switch (parameter.kind) {
    case "switch":
    case "boolean":
      return readBoolean(text);
    case "text":
      return ok(withoutServer(text, parameter.candidates));
    case "number":
      return readNumbers(parameter, text, (numbers) => numbers[0] ?? 0);
    case "numbers":
      return readNumbers(parameter, text, (numbers) => numbers);
    case "duration": {
      const parsed = parseUnlimited(text, parseDuration);
      return parsed.ok ? ok(parsed.value) : refused(parsed.message);
    }
    case "choice":
      return readChoices(parameter, [text], ([word = text]) => word);
    case "words":
      return ok([text]);
    case "list":
      return readChoices(parameter, splitList(text), (words) => words);
    case "changeableList":
      return readChangeableList(parameter, text);
    case "section":
      return readSection(text);
    case "limits":
      return readLimits(text);
    case "value":
      return ok(readSettingValue(text));
  }
}

function readBoolean(text: string): ReadValue {
  switch (text.toLowerCase()) {
    case "$true":
    case "true":
    case "1":
    case "yes":
      return ok(true);
    case "$false":
    case "false":
    case "0":
    case "no":
      return ok(false);
    case "":
      return refused(
        "needs true or false (a POSIX shell takes $true for a variable of its own: leave out the $)",
      );
    default:
      return refused(`takes true or false, not ${text}`);
  }
}

function readNumbers(
  { least = 0 }: Parameter,
  text: string,
  of: (numbers: readonly number[]) => Value,
): ReadValue {
  const items = splitList(text);
  const wrong = items.find((item) => !/^\d{1,15}$/.test(item));
  if (wrong !== undefined || items.length === 0)
    return refused(`takes a whole number, not ${wrong ?? "nothing"}`);
  const small = items.find((item) => Number(item) < least);
  if (small !== undefined) return refused(`takes a whole number from ${least} on, not ${small}`);
  return ok(of(items.map(Number)));
}

/**
 * Words in the spelling they are known by; of settings the relay itself says what is wrong with others, and why. A
 * category may carry its source: `MSExchangeTransport\SmtpReceive`.
 */
function readChoices(
  { choices, choiceNames = {}, setting, candidates }: Parameter,
  words: readonly string[],
  of: (words: readonly string[]) => Value,
): ReadValue {
  if (choices === undefined) return ok(of(words));
  const known: string[] = [];
  for (const word of words) {
    const named = choiceNames[word] ?? word;
    const bare = candidates === "category" ? named.slice(named.lastIndexOf("\\") + 1) : named;
    const chosen = choices.find((choice) => choice.toLowerCase() === bare.toLowerCase());
    if (chosen === undefined && setting === undefined) return notAmong(choices, word);
    known.push(chosen ?? word);
  }
  return ok(of(known));
}

function notAmong(choices: readonly string[], word: string): ReadValue {
  const near = nearestName(
    word,
    choices.map((name) => ({ name })),
  );
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  return refused(`takes one of ${choices.join(", ")}, not ${word === "" ? "nothing" : word}${hint}`);
}

function readChangeableList(parameter: Parameter, text: string): ReadValue {
  const table = parseHashtable(text);
  if (table === undefined) {
    return text.trimStart().startsWith("@{")
      ? refused("is no hashtable; write it like @{Add='a','b';Remove='c'}, in double quotes as a whole")
      : readChoices(
          parameter,
          parameter.setting === "certificates" ? splitCertificateNames(text) : splitList(text),
          (words) => words,
        );
  }
  const change: Record<"add" | "remove", readonly string[]> = { add: [], remove: [] };
  for (const [key, items] of table) {
    const name = key.toLowerCase();
    if (name !== "add" && name !== "remove") return refused(`takes @{Add=…;Remove=…}, and ${key} is neither`);
    change[name] = items;
  }
  return ok(change);
}

function readSection(text: string): ReadValue {
  const table = parseHashtable(text);
  if (table === undefined)
    return refused("is no hashtable; write it like @{UserName='relay';PasswordFile='/etc/secret'}");
  if ([...table.keys()].some((key) => key.toLowerCase() === "password"))
    return refused(
      "takes no password: an argument stands in the history of the shell and in the list of processes; write PasswordFile='/etc/secret', a file whose first line it is",
    );
  return ok(
    Object.fromEntries(
      [...table].map(([key, items]) => [key.charAt(0).toLowerCase() + key.slice(1), items.join(",")]),
    ),
  );
}

/** Settings with values as the file would have them. */
function readLimits(text: string): ReadValue {
  const table = parseHashtable(text);
  if (table === undefined)
    return refused(
      'is no hashtable; write it like "@{MaxInboundConnectionPerSource=40}", in double quotes as a whole',
    );
  const values = [...table].map(
    ([key, items]) =>
      [key.charAt(0).toLowerCase() + key.slice(1), readSettingValue(items.join(","))] as const,
  );
  return ok(Object.fromEntries(values) as Readonly<Record<string, string | number>>);
}

/** As YAML would read it, but for words: `20` is a number, `5s` and `unlimited` are texts. The relay checks. */
function readSettingValue(text: string): Value {
  if (text === "" || text.toLowerCase() === "default") return null;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  return text.toLowerCase() === "unlimited" ? "unlimited" : unquoted(text);
}
