/** Where a command writes, and what may be written there. */
import { styleText } from "node:util";

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
  /** Aborts with Ctrl-C, or when nobody reads stdout any more; what runs until then should end. */
  readonly signal: AbortSignal;
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
  const { stdout, stderr } = process;
  const colours = stdout.isTTY && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
  return {
    write(text) {
      stdout.write(text);
    },
    complain(text) {
      stderr.write(text);
    },
    octets: (chunk) =>
      new Promise((resolve, reject) =>
        stdout.write(chunk, (error) => (error instanceof Error ? reject(error) : resolve())),
      ),
    progress(text) {
      if (stderr.isTTY) stderr.write(`\r\u001b[2K${text}`);
    },
    width: stdout.isTTY ? stdout.columns : undefined,
    style: (style, text) => (colours ? styleText(formats[style], text) : text),
    signal: interruption,
  };
}

export function writeJson(output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
