/** `… | Format-List`: `Name : value`, long values wrapped below themselves, lists in braces and cut after some items. */
import { type ExportedObject, type ExportedProperty, exportedObject, isTypeName } from "./exported-value.ts";

const propertyLine = /^([A-Za-z_]\w+)\s*:(?:\s(.*))?$/;

/** An object begins where a property is named again. Lines that are neither (prompts, headings) are passed over. */
export function readFormatList(text: string): readonly ExportedObject[] {
  // The lines of each value.
  const objects: Map<string, string[]>[] = [];
  let current: Map<string, string[]> | undefined;
  let names = new Set<string>();
  let last: string | undefined;
  for (const line of withoutMargin(text.split(/\r\n|\r|\n/))) {
    const match = propertyLine.exec(line);
    if (match !== null) {
      const name = match[1] ?? "";
      if (current === undefined || names.has(name.toLowerCase())) {
        objects.push((current = new Map()));
        names = new Set();
      }
      names.add(name.toLowerCase());
      current.set(name, [(match[2] ?? "").trim()]);
      last = name;
    } else if (/^\s+\S/.test(line) && last !== undefined) {
      current?.get(last)?.push(line.trim());
    } else if (line.trim() === "") {
      last = undefined;
    }
  }
  return objects.map((object) =>
    exportedObject(Array.from(object, ([name, value]) => propertyOf(name, joined(value)))),
  );
}

/** A page or a mail may have indented all of it. */
function withoutMargin(lines: readonly string[]): readonly string[] {
  const margins = lines
    .filter((line) => propertyLine.test(line.trim()))
    .map((line) => /^\s*/.exec(line)?.[0].length ?? 0);
  const margin = margins.reduce((least, each) => Math.min(least, each), Infinity);
  return margin === 0 || margin === Infinity ? lines : lines.map((line) => line.slice(margin));
}

/** PowerShell breaks a line at a blank, or behind a hyphen. */
function joined(lines: readonly string[]): string {
  return lines
    .map((line, index) => {
      const before = lines[index - 1];
      return before === undefined || before === "" || before.endsWith("-") ? line : ` ${line}`;
    })
    .join("");
}

function propertyOf(name: string, text: string): ExportedProperty {
  const list = /^\{([^]*)\}$/.exec(text);
  if (list === null) {
    if (text === "") return { name, value: null };
    return isTypeName(text) ? { name, value: text, lost: "typeName" } : { name, value: text };
  }
  const inner = (list[1] ?? "").trim();
  const cut = /(?:\.\.\.|…)$/.test(inner);
  const items = inner
    .replace(/(?:,\s*)?(?:\.\.\.|…)$/, "")
    .split(/,\s+/)
    .filter((item) => item !== "");
  return { name, value: items, ...(cut ? { lost: "cut" as const } : {}) };
}
