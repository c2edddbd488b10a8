/** From a value as PowerShell shows it to the value as the configuration file would have it, by the kind of setting. */
import { formatConfiguredSize, parseByteSize } from "../../../core/units/byte-size.ts";
import { formatDuration, parseDuration } from "../../../core/units/duration.ts";
import { type Parsed, parsed, quoted, unparsable } from "../../../core/units/parsed.ts";
import { isUnlimitedWord } from "../../../core/units/unlimited.ts";
import type { Plain } from "../../edit-value.ts";
import type { SettingFact } from "../../setting-facts.ts";
import { enumerationWords } from "./enumerations.ts";
import { type ExportedValue, isList, itemsOf, textOf } from "../exported/exported-value.ts";

/** Not checked against the setting's range: `fitsSetting` does that. */
export function settingValue({ name, kind, choices }: SettingFact, value: ExportedValue): Parsed<Plain> {
  const text = textOf(value);
  if (isUnlimitedWord(text)) return parsed("unlimited");
  switch (kind) {
    case "true or false":
      return flagValue(text);
    case "integer":
    case "percentage":
      return numberValue(text);
    case "duration":
      return durationValue(value);
    case "size":
      return sizeValue(text);
    case "one word":
      return wordValue(enumerationWords(name, text)?.[0] ?? text, choices ?? []);
    case "list":
      return wordsValue(enumerationWords(name, text) ?? itemsOf(value), choices ?? []);
    case "list of address spaces":
      return parsed(itemsOf(value, /[,|\s]+|;(?=\D)/));
    case "list of IP ranges":
    case "list of address:port":
    case "list of hosts":
      return parsed(itemsOf(value));
    default:
      return parsed(text);
  }
}

function flagValue(text: string): Parsed<Plain> {
  if (/^(?:\$?true|1|-1)$/i.test(text)) return parsed(true);
  if (/^(?:\$?false|0)$/i.test(text)) return parsed(false);
  return unparsable(`${quoted(text)} is neither True nor False`);
}

function numberValue(text: string): Parsed<Plain> {
  const match = /^(\d{1,10})\s*%?(?:\s*\(0x[0-9a-f]+\))?$/i.exec(text);
  return match === null ? unparsable(`${quoted(text)} is not a whole number`) : parsed(Number(match[1]));
}

/** `00:10:00`, `1.00:00:00`, `PT10M` (CLIXML), or a TimeSpan with its parts (JSON). */
function durationValue(value: ExportedValue): Parsed<Plain> {
  if (typeof value === "object" && value !== null && !isList(value)) {
    const ms = value["TotalMilliseconds"] ?? ticksMs(value["Ticks"]);
    if (typeof ms === "number") return parsed(formatDuration(ms));
  }
  const text = textOf(value);
  const iso = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$/i.exec(text);
  if (iso !== null && text.length > 2) {
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = iso.slice(1).map((part) => Number(part ?? 0));
    return parsed(formatDuration((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000));
  }
  const result = parseDuration(text);
  return result.ok ? parsed(formatDuration(result.value)) : result;
}

function ticksMs(ticks: ExportedValue | undefined): number | undefined {
  return typeof ticks === "number" ? ticks / 10_000 : undefined;
}

/** The octets in parentheses count, however a language groups their digits. */
function sizeValue(text: string): Parsed<Plain> {
  const octets = /\(([\d.,\s\u00a0\u202f'’]+)\s*[a-zà-ÿ]+\)\s*$/i.exec(text)?.[1]?.replace(/\D/g, "");
  const result = parseByteSize(octets ?? text);
  return result.ok ? parsed(formatConfiguredSize(result.value)) : result;
}

function wordValue(text: string, choices: readonly string[]): Parsed<Plain> {
  return parsed(choices.find((choice) => choice.toLowerCase() === text.toLowerCase()) ?? text);
}

function wordsValue(words: readonly string[], choices: readonly string[]): Parsed<Plain> {
  return parsed(
    words.map((word) => choices.find((choice) => choice.toLowerCase() === word.toLowerCase()) ?? word),
  );
}
