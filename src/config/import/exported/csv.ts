/** `… | Export-Csv`, with or without its `#TYPE` line, with commas, semicolons or tabs. RFC 4180. */
import { type ExportedObject, exportedObject, isTypeName } from "./exported-value.ts";

export function readCsv(text: string): readonly ExportedObject[] {
  const body = text.replace(/^#TYPE[^\r\n]*(?:\r\n|\r|\n)/, "");
  const [names = [], ...rows] = records(body, delimiterOf(body));
  return rows
    .filter((row) => row.some((field) => field !== ""))
    .map((row) =>
      exportedObject(
        names.map((name, index) => {
          const value = row[index] ?? "";
          return {
            name: name.trim(),
            value: value === "" ? null : value,
            ...(isTypeName(value) ? { lost: "typeName" as const } : {}),
          };
        }),
      ),
    );
}

/** What stands most often between the names of the first line. */
export function delimiterOf(text: string): string {
  const [first = ""] = text.split(/\r\n|\r|\n/, 1);
  const bare = first.replace(/"[^"]*"/g, "");
  const counts = [",", ";", "\t"].map((mark) => [mark, bare.split(mark).length] as const);
  return counts.reduce((most, each) => (each[1] > most[1] ? each : most))[0];
}

function records(text: string, delimiter: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let field = "";
    if (text[at] === '"') {
      for (at += 1; at < text.length; at += 1) {
        if (text[at] !== '"') field += text[at];
        else if (text[at + 1] === '"') field += text[(at += 1)];
        else break;
      }
      at += 1;
    }
    // Unquoted, or what stands behind the closing quote.
    const rest = text.slice(at).search(delimiter === "\t" ? /[\t\r\n]/ : new RegExp(`[${delimiter}\r\n]`));
    const end = rest === -1 ? text.length : at + rest;
    row.push(field + text.slice(at, end));
    at = end;
    if (text[at] === delimiter) {
      at += 1;
      if (at < text.length) continue;
      row.push("");
    }
    if (text[at] === "\r" && text[at + 1] === "\n") at += 1;
    at += 1;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows;
}
