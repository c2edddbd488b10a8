/** `… | Format-Table`: headings, a line of dashes, and cells below them that may be cut with `...`. */
import { type ExportedObject, exportedObject } from "./exported-value.ts";

const dashes = /^\s*-{2,}(?:\s+-{2,})*\s*$/;

export function isFormatTable(text: string): boolean {
  return text.split(/\r\n|\r|\n/).some((line) => dashes.test(line) && line.includes("--"));
}

/** Rows end with a blank line; several tables may follow each other. */
export function readFormatTable(text: string): readonly ExportedObject[] {
  const lines = text.split(/\r\n|\r|\n/);
  const objects: ExportedObject[] = [];
  let columns: readonly Column[] = [];
  for (const [index, line] of lines.entries()) {
    if (dashes.test(line)) columns = columnsOf(line, lines[index - 1] ?? "");
    else if (line.trim() === "") columns = [];
    else if (columns.length > 0) objects.push(exportedObject(columns.map((column) => cell(line, column))));
  }
  return objects;
}

interface Column {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

function columnsOf(line: string, heading: string): readonly Column[] {
  const starts = Array.from(line.matchAll(/-+/g), (match) => match.index);
  return starts.map((from, index) => {
    const to = starts[index + 1] ?? Infinity;
    return { name: heading.slice(from, to).trim(), from, to };
  });
}

function cell(line: string, { name, from, to }: Column) {
  const text = line.slice(from, to).trim();
  const cut = /(?:\.\.\.|…)\}?$/.test(text);
  const value = text.replace(/^\{([^]*?)\}?$/, "$1").replace(/(?:\.\.\.|…)\}?$/, "");
  return { name, value: value === "" ? null : value, ...(cut ? { lost: "cut" as const } : {}) };
}
