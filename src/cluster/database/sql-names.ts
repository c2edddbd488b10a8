import { keptText } from "./kept-text.ts";

/** A name as PostgreSQL takes it whatever it is. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** An expression for a text of whatever characters, also where a backslash in quotes means more than itself. */
export function textValue(text: string): string {
  return `convert_from(decode('${Buffer.from(keptText(text)).toString("hex")}', 'hex'), 'UTF8')`;
}
