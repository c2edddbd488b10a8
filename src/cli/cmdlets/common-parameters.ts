/** Parameters that many commands have. */
import type { Parameter } from "../cmdlet.ts";

export const help: Parameter = {
  name: "Help",
  aliases: ["h", "?"],
  kind: "switch",
  help: "Explain the command with examples.",
};

export const config: Parameter = {
  name: "Config",
  aliases: ["c"],
  kind: "text",
  candidates: "file",
  value: "FILE",
  help: "The configuration file; it says which relay is meant. Else WEIR_CONFIG, else ./weir.yaml.",
};

export const json: Parameter = {
  name: "Json",
  kind: "switch",
  help: "Print JSON: settings under their camelCase names, durations in milliseconds, sizes in octets.",
};

export const csv: Parameter = { name: "Csv", kind: "switch", help: "Print the table as CSV." };

export const list: Parameter = {
  name: "List",
  aliases: ["fl"],
  kind: "switch",
  help: "Print each object as a list of its properties, as | Format-List does.",
};

export const property: Parameter = {
  name: "Property",
  kind: "list",
  value: "NAME,…",
  help: "Only these properties, by the names -Json or -List prints; also with *, as in Name,Max*.",
};

export const whatIf: Parameter = {
  name: "WhatIf",
  kind: "switch",
  help: "Check it and show what would change; change nothing.",
};

/** Scripts written for Exchange give it; little is ever asked here. */
export const confirm: Parameter = {
  name: "Confirm",
  kind: "switch",
  hidden: true,
  help: "-Confirm:false: ask nothing.",
};
export const force: Parameter = { name: "Force", kind: "switch", hidden: true, help: "As -Confirm:false." };

/** For commands that show objects. */
export const showing: readonly Parameter[] = [property, json, csv, list, config, help];
/** For commands that show one thing that is no table. */
export const telling: readonly Parameter[] = [json, config, help];
/** For commands that change something. */
export const changing: readonly Parameter[] = [whatIf, json, confirm, config, help];

/** Of several nodes. */
export const server: Parameter = {
  name: "Server",
  kind: "text",
  value: "NODE",
  candidates: "node",
  help: "Of several nodes: only this one; else all are asked.",
};

export const connector: Parameter = {
  name: "Connector",
  kind: "text",
  value: "NAME",
  candidates: "receiveConnector",
  help: "Only of this receive connector.",
};
