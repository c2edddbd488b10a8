/** Rows as CSV (RFC 4180) that a spreadsheet takes for text. */
import { csvField } from "../../logs/csv.ts";
import type { Column } from "./table.ts";

export function csvText<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const line = (fields: readonly (string | number)[]): string =>
    `${fields.map((field) => csvField(String(field), Infinity)).join(",")}\r\n`;
  return [
    line(columns.map(({ header }) => header)),
    ...rows.map((row) => line(columns.map(({ value }) => value(row)))),
  ].join("");
}
