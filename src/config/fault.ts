/** One thing wrong with a configuration, at its place in the file. */
export interface Fault {
  /** `receiveConnectors[0].maxMessageSize`; empty for the file as a whole. */
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What was probably meant. */
  readonly suggestion?: string;
  /** Where it stands, if not in the text that was asked about. */
  readonly file?: string;
}

/** `weir.yaml:12:5 receiveConnectors[0].foo: unknown setting; did you mean bar?` */
export function formatFault(fault: Fault, file: string): string {
  const path = fault.path === "" ? "" : ` ${fault.path}:`;
  const suggestion = fault.suggestion === undefined ? "" : `; did you mean ${fault.suggestion}?`;
  return `${fault.file ?? file}:${fault.line}:${fault.column}${path} ${fault.message}${suggestion}`;
}

export type PathSegment = string | number;
export type Path = readonly PathSegment[];

export function formatPath(path: Path): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") text += `[${segment}]`;
    else if (/^[A-Za-z][A-Za-z0-9]*$/.test(segment)) text += text === "" ? segment : `.${segment}`;
    else text += `[${JSON.stringify(segment)}]`;
  }
  return text;
}

export interface Position {
  readonly line: number;
  readonly column: number;
  readonly file?: string;
}
/** Where a setting stands; for one that is missing, where its section stands. `key`: its name, not its value. */
export type Locate = (path: Path, part?: "key" | "value") => Position;

/** Collects what is found wrong, in the order of the file. */
export class Findings {
  readonly #locate: Locate;
  readonly #faults: Fault[];
  readonly #warnings: Fault[] = [];

  /** `faults`: those that are known already. */
  constructor(locate: Locate, faults: readonly Fault[] = []) {
    this.#locate = locate;
    this.#faults = [...faults];
  }

  fault(
    path: Path,
    message: string,
    more: { suggestion?: string | undefined; at?: "key" | "value" } = {},
  ): void {
    this.#faults.push(this.#finding(path, message, more));
  }

  warning(path: Path, message: string, more: { at?: "key" | "value" } = {}): void {
    this.#warnings.push(this.#finding(path, message, more));
  }

  get faults(): readonly Fault[] {
    return this.#faults.toSorted(byPosition);
  }

  get warnings(): readonly Fault[] {
    return this.#warnings.toSorted(byPosition);
  }

  #finding(
    path: Path,
    message: string,
    more: { suggestion?: string | undefined; at?: "key" | "value" },
  ): Fault {
    const { line, column, file } = this.#locate(path, more.at ?? "value");
    return {
      path: formatPath(path),
      line,
      column,
      message,
      ...(more.suggestion === undefined ? {} : { suggestion: more.suggestion }),
      ...(file === undefined ? {} : { file }),
    };
  }
}

function byPosition(a: Fault, b: Fault): number {
  const [one, other] = [a.file ?? "", b.file ?? ""];
  return (one === other ? 0 : one < other ? -1 : 1) || a.line - b.line || a.column - b.column;
}
