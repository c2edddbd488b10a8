/** An event's record as text for people: one line, whatever its fields hold. */
import { escapeControls } from "../core/units/escape-controls.ts";
import type { EventRecord, FieldValue } from "./events.ts";

/** The catalogue's text with `%name` filled in; a field without a value is left empty. */
export function renderEvent({ definition, fields }: EventRecord): string {
  return definition.text.replace(/%([A-Za-z]+)/g, (_placeholder, name: string) => fieldText(fields[name]));
}

function fieldText(value: FieldValue): string {
  if (value === undefined) return "";
  return typeof value === "number" ? String(value) : escapeControls(value);
}
