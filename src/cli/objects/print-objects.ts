/** Some properties of objects as a table, a list, CSV or JSON. */
import { exchangeName } from "../output/setting-text.ts";
import { csvText } from "../output/csv.ts";
import { listLines } from "../output/list.ts";
import { writeJson, type Output } from "../output/output.ts";
import { tableLines, type Column } from "../output/table.ts";
import { displayText, kindOfProperty } from "./display-text.ts";
import { propertyOf, type Json, type ShownObject } from "./shown-object.ts";

export type Form = "table" | "list" | "csv" | "json";

export function printObjects(
  output: Output,
  objects: readonly ShownObject[],
  names: readonly string[],
  form: Form,
): void {
  switch (form) {
    case "json":
      writeJson(
        output,
        objects.map((object) => chosen(object, names)),
      );
      return;
    case "csv":
      output.write(csvText(columnsOf(names, objects), objects));
      return;
    case "list":
      output.write(
        `${objects
          .map((object) =>
            listLines(
              names.map((name) => ({ name: exchangeName(name), value: textOf(object, name) })),
              output,
            ).join("\n"),
          )
          .join("\n\n")}\n`,
      );
      return;
    case "table":
      output.write(`${tableLines(columnsOf(names, objects), objects, output).join("\n")}\n`);
  }
}

/** The object with these properties alone. */
export function chosen(object: ShownObject, names: readonly string[]): Json {
  return Object.fromEntries(names.map((name) => [name, propertyOf(object, name) ?? null]));
}

function columnsOf(
  names: readonly string[],
  objects: readonly ShownObject[],
): readonly Column<ShownObject>[] {
  return names.map((name) => ({
    header: exchangeName(name),
    value: (object) => textOf(object, name),
    ...(objects.length > 0 &&
    objects.every((object) => typeof propertyOf(object, name) === "number") &&
    kindOfProperty(name) === undefined
      ? { align: "right" as const }
      : {}),
  }));
}

function textOf(object: ShownObject, name: string): string {
  return displayText(name, propertyOf(object, name));
}
