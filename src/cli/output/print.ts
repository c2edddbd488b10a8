/** How a command's result is printed, as asked for with -Json, -Csv or -List. */
import { isOn, type Arguments } from "../arguments/value.ts";
import { csvText } from "./csv.ts";
import { listLines, type Property } from "./list.ts";
import { writeJson, type Output } from "./output.ts";
import { tableLines, type Column } from "./table.ts";

export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  /** What -Json prints; default: the rows. */
  readonly json?: unknown;
  /** What -List prints of a row; default: the columns. */
  readonly properties?: (row: Row) => readonly Property[];
  /** Said where there is no row. */
  readonly none: string;
}

export function printRows<Row>(
  output: Output,
  args: Arguments,
  { rows, columns, json, properties, none }: Rows<Row>,
): void {
  if (isOn(args, "Json")) writeJson(output, json ?? rows);
  else if (isOn(args, "Csv")) output.write(csvText(columns, rows));
  else if (rows.length === 0) output.complain(`${none}\n`);
  else if (isOn(args, "List")) {
    const of =
      properties ??
      ((row: Row) => columns.map(({ header, value }) => ({ name: header, value: String(value(row)) })));
    output.write(`${rows.map((row) => listLines(of(row), output).join("\n")).join("\n\n")}\n`);
  } else output.write(`${tableLines(columns, rows, output).join("\n")}\n`);
}
