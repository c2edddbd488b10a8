/** Where a command writes, and what may be written there. */
import { styleText } from "node:util";
import type { ShownObject } from "../objects/shown-object.ts";

export type Style = "heading" | "faint" | "good" | "warning" | "bad" | "changed";

export interface Output {
  /** To stdout. */
  write(text: string): void;
  /** To stderr. */
  complain(text: string): void;
  /** Octets to stdout. Resolves when more may follow. */
  octets(chunk: Uint8Array): Promise<void>;
  /** How far a long work has come, in one line of stderr that the next takes the place of; only on a terminal. */
  progress(text: string): void;
  /** Columns of the terminal; undefined where stdout is none: then nothing is cut. */
  readonly width: number | undefined;
  /** Colours where stdout is a terminal and NO_COLOR is not set (no-color.org); else the text as it is. */
  style(style: Style, text: string): string;
  /** Takes what a reading command would print: the next of a pipe. Undefined: it is printed. */
  readonly collect?: ((collected: Collected) => void) | undefined;
  /** Aborts with Ctrl-C, or when nobody reads stdout any more; what runs until then should end. */
  readonly signal: AbortSignal;
}

export interface Collected {
  readonly objects: readonly ShownObject[];
  /** Said where there is none. */
  readonly none: string;
  /** Prints some of them as the command would have, or as asked. Undefined: they have no form of their own. */
  readonly show?: (objects: readonly ShownObject[], output: Output, form?: "table" | "list") => void;
}

const formats = {
  heading: "bold",
  faint: "gray",
  good: "green",
  warning: "yellow",
  bad: "red",
  changed: "cyan",
} as const satisfies Record<Style, string>;

/** The process's own. Registers nothing; `signal` never aborts unless `interruption` does. */
export function processOutput(interruption: AbortSignal = new AbortController().signal): Output {
  const { stdout } = process;
  const colours = stdout.isTTY && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
  return {
    write(text) {
      stdout.write(text);
    },
    // Made by Node when it is first used.
    complain(text) {
      process.stderr.write(text);
    },
    octets: (chunk) =>
      new Promise((resolve, reject) =>
        stdout.write(chunk, (error) => (error instanceof Error ? reject(error) : resolve())),
      ),
    progress(text) {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
    },
    // A terminal that does not know its width says 0.
    width: stdout.isTTY ? stdout.columns || undefined : undefined,
    style: (style, text) => (colours ? styleText(formats[style], text) : text),
    signal: interruption,
  };
}

export function writeJson(output: Output, value: unknown): void {
  if (output.collect !== undefined) {
    const objects = (Array.isArray(value) ? value : [value]) as readonly ShownObject["json"][];
    output.collect({ objects: objects.map((json) => ({ json, texts: new Map() })), none: "there is none" });
    return;
  }
  output.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
