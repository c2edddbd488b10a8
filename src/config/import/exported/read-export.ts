/** Reads what PowerShell wrote of objects, and finds out by itself in which form. */
import { type Parsed, parsed, unparsable } from "../../../core/units/parsed.ts";
import { readXml } from "../xml-tree.ts";
import { readClixml } from "./clixml.ts";
import { delimiterOf, readCsv } from "./csv.ts";
import type { ExportedObject } from "./exported-value.ts";
import { readFormatList } from "./format-list.ts";
import { isFormatTable, readFormatTable } from "./format-table.ts";
import { readJson } from "./json.ts";

export type ExportForm = "clixml" | "json" | "csv" | "list" | "table";

export interface Export {
  readonly form: ExportForm;
  readonly objects: readonly ExportedObject[];
}

/** Never throws. */
export async function readExport(text: string): Promise<Parsed<Export>> {
  if (isMainCf(text))
    return unparsable(
      "is Postfix's main.cf, no export of Exchange; read it with Import-PostfixConfiguration",
    );
  const form = formOf(text);
  switch (form) {
    case "clixml": {
      const root = await readXml(text);
      if (!root.ok) return root;
      if (root.value.name === "configuration")
        return unparsable("is IIS's MetaBase.xml, no export of Exchange; read it with Import-IisSmtp");
      if (root.value.name !== "Objs") return unparsable("is XML, but not of Export-Clixml");
      return found(form, readClixml(root.value));
    }
    case "json": {
      const objects = readJson(text);
      return objects.ok ? found(form, objects.value) : objects;
    }
    case "csv":
      return found(form, readCsv(text));
    case "table":
      return found(form, readFormatTable(text));
    case "list":
      return found(form, readFormatList(text));
  }
}

const mostObjects = 10_000;

function found(form: ExportForm, objects: readonly ExportedObject[]): Parsed<Export> {
  if (objects.length > mostObjects)
    return unparsable(`holds ${objects.length} objects; an export has at most ${mostObjects}`);
  return objects.length > 0
    ? parsed({ form, objects })
    : unparsable(
        "holds nothing that can be read; write it with | Format-List, | Export-Csv, | ConvertTo-Json or | Export-Clixml",
      );
}

/** Names that only Postfix has, as it writes them. */
function isMainCf(text: string): boolean {
  return /^(?:smtpd_\w+|inet_interfaces|mydestination|mynetworks|relayhost|compatibility_level) *=/m.test(
    text,
  );
}

function formOf(text: string): ExportForm {
  const start = text.trimStart();
  if (start.startsWith("<")) return "clixml";
  if (/^(?:\{\s*(?:"|\}|$)|\[\s*(?:[[{]|\]|$))/.test(start)) return "json";
  if (start.startsWith("#TYPE")) return "csv";
  const [first = ""] = start.split(/\r\n|\r|\n/, 1);
  const isCsv = /^"?\w+"?(?:[,;\t]"?\w+"?)+$/.test(first) && first.includes(delimiterOf(first));
  if (isCsv) return "csv";
  return isFormatTable(text) ? "table" : "list";
}
