/** A part of a pipe that works on objects: what it is called, what it takes, what it makes of them. */
import type { Arguments } from "../arguments/value.ts";
import type { Parameter } from "../cmdlet.ts";
import type { ShownObject } from "../objects/shown-object.ts";
import type { Collected, Output } from "../output/output.ts";

export interface Stage {
  /** PowerShell's name. */
  readonly name: string;
  /** Its short names, in lower case. */
  readonly aliases: readonly string[];
  readonly parameters: readonly Parameter[];
  /** Takes the words as they are, with the blocks in braces. */
  readonly raw?: true;
  /** Takes what was made text already, as well. */
  readonly takesText?: true;
  /** Undefined: everything is said, and nothing goes on. Throws CommandFault. */
  readonly run: (
    flow: Flow,
    args: Arguments,
    context: StageContext,
  ) => Flow | undefined | Promise<Flow | undefined>;
}

export interface StageContext {
  readonly output: Output;
  /** Those behind its name, for a raw stage. */
  readonly words: readonly string[];
}

/** What runs through a pipe. */
export interface Flow extends Collected {
  /** Only these properties, when somebody chose; else their usual form. */
  readonly names?: readonly string[];
  /** It was made text: prints it. */
  readonly text?: (output: Output) => void;
}

/** Objects of a stage's own making. */
export function flowOf(objects: readonly ShownObject[], none = "there is none"): Flow {
  return { objects, none };
}

export const propertyParameter: Parameter = {
  name: "Property",
  kind: "list",
  position: 0,
  help: "Names, also with *.",
};
