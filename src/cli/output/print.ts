/** How a command's result is printed, as asked for with -Json, -Csv, -List or -Property, or handed to a pipe. */
import { isOn, listOf, type Arguments } from "../arguments/value.ts";
import { CommandFault } from "../exit-code.ts";
import { printObjects, type Form } from "../objects/print-objects.ts";
import { expandProperties, type Json, type ShownObject } from "../objects/shown-object.ts";
import { csvText } from "./csv.ts";
import { listLines, type Property } from "./list.ts";
import { writeJson, type Collected, type Output } from "./output.ts";
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
  /** One that was asked for by its name: a list, and in -Json itself, not in an array. */
  readonly single?: true;
}

export function printRows<Row>(output: Output, args: Arguments, shown: Rows<Row>): void {
  const { rows, columns, json, none, single } = shown;
  const wanted = listOf(args, "Property");
  if (output.collect !== undefined || wanted !== undefined) {
    const objects = objectsOf(shown);
    const rowOf = new Map(objects.map((object, index) => [object, rows[index]]));
    const show: Collected["show"] = (some, to, form) =>
      printForPeople(to, form ?? usualForm(args, shown), {
        ...shown,
        rows: some.flatMap((object) => rowOf.get(object) ?? []),
      });
    if (output.collect !== undefined) output.collect({ objects, none, show });
    else if (objects.length === 0 && !isOn(args, "Json")) output.complain(`${none}\n`);
    else printProperties(output, objects, wanted ?? [], formOf(args));
    return;
  }
  if (isOn(args, "Json")) writeJson(output, json ?? (single === true ? rows[0] : rows));
  else if (isOn(args, "Csv") && columns.length > 0) output.write(csvText(columns, rows));
  else if (isOn(args, "Csv")) printProperties(output, objectsOf(shown), ["*"], "csv");
  else if (rows.length === 0) output.complain(`${none}\n`);
  else printForPeople(output, usualForm(args, shown), shown);
}

/** Throws CommandFault for a property that none of them has. */
export function printProperties(
  output: Output,
  objects: readonly ShownObject[],
  wanted: readonly string[],
  form: Form,
): void {
  printObjects(output, objects, namesOf(wanted, objects), form);
}

/** The properties `wanted` stands for. Throws CommandFault for one that none of the objects has. */
export function namesOf(wanted: readonly string[], objects: readonly ShownObject[]): readonly string[] {
  const expanded = expandProperties(wanted, objects);
  if (expanded.ok) return expanded.names;
  throw new CommandFault(
    `there is no property ${expanded.unknown}; there are ${expanded.known.join(", ")}`,
    2,
  );
}

function formOf(args: Arguments): Form {
  if (isOn(args, "Json")) return "json";
  if (isOn(args, "Csv")) return "csv";
  return isOn(args, "List") ? "list" : "table";
}

function usualForm<Row>(args: Arguments, { single }: Rows<Row>): "table" | "list" {
  return isOn(args, "List") || single === true ? "list" : "table";
}

function printForPeople<Row>(
  output: Output,
  form: "table" | "list",
  { rows, columns, properties }: Rows<Row>,
): void {
  if (form === "table" && columns.length > 0) {
    output.write(`${tableLines(columns, rows, output).join("\n")}\n`);
    return;
  }
  const of =
    properties ??
    ((row: Row) => columns.map(({ header, value }) => ({ name: header, value: String(value(row)) })));
  output.write(`${rows.map((row) => listLines(of(row), output).join("\n")).join("\n\n")}\n`);
}

function objectsOf<Row>({ rows, columns, json, properties, single }: Rows<Row>): readonly ShownObject[] {
  const given = single === true && json !== undefined ? [json] : json;
  const jsons = Array.isArray(given) && given.length === rows.length ? (given as readonly unknown[]) : rows;
  return rows.map((row, index) => {
    const texts = new Map<string, string | number>();
    for (const { name, value } of properties?.(row) ?? []) if (!texts.has(name)) texts.set(name, value);
    for (const { header, value } of columns) texts.set(header, value(row));
    return { json: jsons[index] as Json, texts };
  });
}
