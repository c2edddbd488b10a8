/** The help of one command: what it does, examples, every parameter. */
import type { Cmdlet, Parameter } from "../cmdlet.ts";
import { wrapped } from "../output/display-width.ts";
import type { Output } from "../output/output.ts";

export function cmdletHelp(cmdlet: Cmdlet, { width = 100, style }: Pick<Output, "width" | "style">): string {
  const { name, synopsis, description = [], parameters, examples } = cmdlet;
  const text = (paragraph: string, indent: number): readonly string[] =>
    wrapped(paragraph, Math.max(30, width - indent)).map((line) => " ".repeat(indent) + line);
  const lines = [
    style("heading", name),
    ...text(synopsis, 2),
    "",
    style("heading", "Usage"),
    ...text(usage(cmdlet), 2),
  ];
  for (const paragraph of description) lines.push("", ...text(paragraph, 2));
  if (examples.length > 0) {
    lines.push("", style("heading", "Examples"));
    for (const { command, text: what } of examples) {
      lines.push(`  ${style("changed", command)}`);
      if (what !== "") lines.push(...text(what, 6));
    }
  }
  lines.push("", style("heading", "Parameters"));
  for (const parameter of shown(parameters)) {
    lines.push(`  ${style("changed", signature(parameter))}`, ...text(meaning(parameter), 6));
  }
  return `${lines.join("\n")}\n`;
}

/** `Set-ReceiveConnector [-Identity] NAME [-Setting VALUE …] [-WhatIf]` */
export function usage({ name, parameters }: Pick<Cmdlet, "name" | "parameters">): string {
  const settings = parameters.filter(({ setting }) => setting !== undefined);
  const parts = shown(parameters)
    .filter(({ setting, required }) => setting === undefined || required === true)
    .map((parameter) => {
      const { position, required } = parameter;
      const positional = typeof position === "number";
      const inner = positional ? `[-${parameter.name}] ${valueOf(parameter)}` : signature(parameter);
      return required === true ? inner : `[${inner}]`;
    });
  if (settings.length > 0) parts.splice(1, 0, "[-Setting VALUE …]");
  return `weir ${name} ${parts.join(" ")}`.trim();
}

export function shown(parameters: readonly Parameter[]): readonly Parameter[] {
  return parameters.filter(({ hidden }) => hidden !== true);
}

/** `-Bindings ADDRESS:PORT,…` */
export function signature(parameter: Parameter): string {
  const value = valueOf(parameter);
  return value === "" ? `-${parameter.name}` : `-${parameter.name} ${value}`;
}

function valueOf({ kind, value }: Parameter): string {
  return kind === "switch" ? "" : (value ?? kind.toUpperCase());
}

export function meaning({ help, choices, default: byDefault, kind }: Parameter): string {
  const words =
    choices === undefined || choices.every((choice) => help.includes(choice))
      ? ""
      : ` One of ${choices.join(", ")}.`;
  const of = kind === "changeableList" || kind === "list" ? words.replace("One of", "Of") : words;
  return `${help}${of}${byDefault === undefined || byDefault === "" ? "" : ` Default: ${byDefault}.`}`;
}
