/** fl, ft, ConvertTo-Json, Export-Csv, Out-File: where a pipe ends. */
import { appendFile, writeFile } from "node:fs/promises";
import { isOn, listOf, textOf } from "../../arguments/value.ts";
import { CommandFault } from "../../exit-code.ts";
import { displayText } from "../../objects/display-text.ts";
import { printObjects } from "../../objects/print-objects.ts";
import { expandProperties, propertyOf, type ShownObject } from "../../objects/shown-object.ts";
import { namesOf } from "../../output/print.ts";
import type { Output } from "../../output/output.ts";
import { csvText } from "../../output/csv.ts";
import { exchangeName } from "../../output/setting-text.ts";
import { propertyParameter, type Flow, type Stage } from "../stage.ts";

const ignored = (name: string) => ({ name, kind: "switch", help: "" }) as const;
const ignoredValue = (name: string) => ({ name, kind: "text", help: "" }) as const;
const path = {
  name: "Path",
  aliases: ["FilePath", "LiteralPath"],
  kind: "text",
  position: 0,
  required: true,
  help: "The file.",
} as const;

/** As PowerShell does where nobody says how: few properties are a table, many a list. */
const fewProperties = 4;

/** What is left at the end of a pipe. */
export function printFlow(flow: Flow, output: Output, form?: "table" | "list"): void {
  const { objects, none, names, show, text } = flow;
  if (text !== undefined) text(output);
  else if (objects.length === 0) output.complain(`${none}\n`);
  else if (show !== undefined && names === undefined) show(objects, output, form);
  else if (objects.every(isValue))
    output.write(`${objects.map(({ json }) => String(json["value"])).join("\n")}\n`);
  else {
    const chosen = names ?? namesOf(["*"], objects);
    printObjects(output, objects, chosen, form ?? (chosen.length <= fewProperties ? "table" : "list"));
  }
}

function isValue({ json }: ShownObject): boolean {
  return Object.keys(json).join() === "value";
}

function textFlow(text: (output: Output) => void): Flow {
  return { objects: [], none: "", text };
}

function format(name: string, aliases: readonly string[], form: "table" | "list"): Stage {
  return {
    name,
    aliases,
    parameters: [
      propertyParameter,
      ...["AutoSize", "Wrap", "HideTableHeaders", "Force"].map(ignored),
      ...["GroupBy", "View", "Column"].map(ignoredValue),
    ],
    run(flow, args) {
      const wanted = listOf(args, "Property");
      const { objects, none } = flow;
      if (wanted === undefined) return textFlow((output) => printFlow(flow, output, form));
      const names = namesOf(wanted, objects);
      return textFlow((output) => {
        if (objects.length === 0) output.complain(`${none}\n`);
        else printObjects(output, objects, names, form);
      });
    },
  };
}

const toJson: Stage = {
  name: "ConvertTo-Json",
  aliases: [],
  parameters: [ignored("Compress"), ignoredValue("Depth"), ignored("AsArray")],
  run({ objects }, args) {
    const jsons = objects.map(({ json }) => (isValue({ json, texts: new Map() }) ? json["value"] : json));
    const value = jsons.length === 1 && !isOn(args, "AsArray") ? jsons[0] : jsons;
    const text = `${JSON.stringify(value, undefined, isOn(args, "Compress") ? 0 : 2)}\n`;
    return textFlow((output) => output.write(text));
  },
};

const csvParameters = [
  ignored("NoTypeInformation"),
  ignored("IncludeTypeInformation"),
  ignoredValue("Encoding"),
  ignoredValue("Delimiter"),
  ignored("UseCulture"),
  ignored("Force"),
];

const toCsv: Stage = {
  name: "ConvertTo-Csv",
  aliases: [],
  parameters: csvParameters,
  run: (flow) => textFlow((output) => output.write(csvOf(flow))),
};

const exportCsv: Stage = {
  name: "Export-Csv",
  aliases: ["epcsv"],
  parameters: [path, ignored("Append"), ignored("NoClobber"), ...csvParameters],
  async run(flow, args, { output }) {
    const text = csvOf(flow);
    const append = isOn(args, "Append");
    const file = await save(args, append ? text.slice(text.indexOf("\n") + 1) : text);
    output.complain(`${flow.objects.length} lines are in ${file}\n`);
    return undefined;
  },
};

function csvOf({ objects, names }: Flow): string {
  const expanded = expandProperties(["*"], objects);
  const chosen = names ?? (expanded.ok ? expanded.names : []);
  return csvText(
    chosen.map((name) => ({
      header: exchangeName(name),
      value: (object: ShownObject) => displayText(name, propertyOf(object, name)),
    })),
    objects,
  );
}

const outFile: Stage = {
  name: "Out-File",
  aliases: ["set-content", "sc"],
  takesText: true,
  parameters: [
    path,
    ignored("Append"),
    ignored("NoClobber"),
    ignored("Force"),
    ignoredValue("Encoding"),
    ignoredValue("Width"),
  ],
  async run(flow, args, { output }) {
    let text = "";
    printFlow(flow, {
      ...output,
      width: undefined,
      style: (_, plain) => plain,
      write: (piece) => void (text += piece),
    });
    await save(args, text);
    return undefined;
  },
};

async function save(args: ReadonlyMap<string, unknown>, text: string): Promise<string> {
  const file = textOf(args as Parameters<typeof textOf>[0], "Path") ?? "";
  try {
    if (args.get("Append") === true) await appendFile(file, text);
    else await writeFile(file, text, { flag: args.get("NoClobber") === true ? "wx" : "w" });
  } catch (fault) {
    throw new CommandFault(
      `${file} cannot be written: ${fault instanceof Error ? fault.message : String(fault)}`,
    );
  }
  return file;
}

const getMember: Stage = {
  name: "Get-Member",
  aliases: ["gm"],
  parameters: [ignoredValue("MemberType"), ignoredValue("Name")],
  run({ objects, none }, _, { output }) {
    if (objects.length === 0) output.complain(`${none}\n`);
    else output.write(`${namesOf(["*"], objects).map(exchangeName).join("\n")}\n`);
    return undefined;
  },
};

/** What goes through as it is: Out-Host, more. */
const through: Stage = {
  name: "Out-Host",
  takesText: true,
  aliases: ["oh", "out-default", "out-string", "more", "less"],
  parameters: [ignored("Paging"), ignored("Stream"), ignoredValue("Width")],
  run: (flow) => flow,
};

const nothing: Stage = {
  name: "Out-Null",
  takesText: true,
  aliases: [],
  parameters: [],
  run: () => undefined,
};

export const printingStages: readonly Stage[] = [
  format("Format-List", ["fl"], "list"),
  format("Format-Table", ["ft", "format-wide", "fw"], "table"),
  toJson,
  toCsv,
  exportCsv,
  outFile,
  getMember,
  through,
  nothing,
];
