/** What may stand behind a | besides commands. */
import type { Stage } from "../stage.ts";
import { group, measure, select, sort, where } from "./choosing.ts";
import { printingStages } from "./printing.ts";

export const stages: readonly Stage[] = [select, where, sort, group, measure, ...printingStages];

/** PowerShell's parts of a pipe that are not here, each with what serves instead. */
export const stageWords: Readonly<Record<string, string>> = {
  "foreach-object":
    "a command behind | is run for each object, as in Get-Queue | Retry-Queue; | select -ExpandProperty NAME gives one property",
  "tee-object": "write the file with | Export-Csv FILE or | Out-File FILE",
  "out-gridview": "| Export-Csv FILE is read by any spreadsheet",
  "select-string": "| where Message -like '*text*' finds a text",
  "convertto-html": "| Export-Csv FILE or | ConvertTo-Json go on to other programs",
  "export-clixml": "| ConvertTo-Json keeps every property",
  "format-custom": "| fl * prints every property",
  "compare-object": "| Export-Csv FILE twice, and compare the files",
};

const stageWordAliases: Readonly<Record<string, string>> = {
  "%": "foreach-object",
  foreach: "foreach-object",
  tee: "tee-object",
  ogv: "out-gridview",
  sls: "select-string",
  findstr: "select-string",
  grep: "select-string",
  "out-printer": "out-gridview",
  fc: "format-custom",
  compare: "compare-object",
};

export function findStage(typed: string): Stage | undefined {
  const name = typed.toLowerCase();
  return stages.find((stage) => stage.name.toLowerCase() === name || stage.aliases.includes(name));
}

export function stageWordFor(typed: string): string | undefined {
  const name = typed.toLowerCase();
  return stageWords[stageWordAliases[name] ?? name];
}
