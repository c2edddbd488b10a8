/** An event's record as text for people: one line, whatever its fields hold. */
import type { EventRecord, FieldValue } from "./events.ts";

const unsafe = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Control characters, line separators and bidirectional overrides become `\xNN` or `\u{N}`, so no value forges a line. */
export function escapeControls(text: string): string {
  return text.replace(unsafe, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** The catalogue's text with `%name` filled in; a field without a value is left empty. */
export function renderEvent({ definition, fields }: EventRecord): string {
  return definition.text.replace(/%([A-Za-z]+)/g, (_placeholder, name: string) => fieldText(fields[name]));
}

function fieldText(value: FieldValue): string {
  if (value === undefined) return "";
  return typeof value === "number" ? String(value) : escapeControls(value);
}
