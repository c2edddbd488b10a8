/** main.cf: parameters, one a line, continued by lines that begin with a blank. Source: postconf(5). */
import { ownValue } from "../own-value.ts";

export interface MainCf {
  /** As written, in the order of the file; of a parameter that is given twice the last counts. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The value with `$name`, `${name}` and `${name?text}` put in; undefined: main.cf does not give it. */
  value(name: string): string | undefined;
}

/** Parameters that others name and main.cf need not give. */
const defaults: Readonly<Record<string, string>> = {
  mail_name: "Postfix",
  config_directory: "/etc/postfix",
  default_database_type: "hash",
  mydestination: "$myhostname, localhost.$mydomain, localhost",
  myorigin: "$myhostname",
  mynetworks: "127.0.0.0/8 [::1]/128",
};

export function readMainCf(text: string): MainCf {
  const parameters = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const match = /^([A-Za-z0-9_]+)\s*=\s*([^]*)$/.exec(line);
    if (match === null) continue;
    const [, name = "", value = ""] = match;
    parameters.delete(name);
    parameters.set(name, value.trim());
  }
  return withParameters(parameters);
}

/** The same with some parameters given otherwise, as `-o` does it for one service. */
export function overriding(main: MainCf, overrides: ReadonlyMap<string, string>): MainCf {
  return overrides.size === 0 ? main : withParameters(new Map([...main.parameters, ...overrides]));
}

function withParameters(parameters: ReadonlyMap<string, string>): MainCf {
  return {
    parameters,
    value(name) {
      const written = parameters.get(name);
      return written === undefined ? undefined : expanded(written, parameters, { left: mostLength }, 0);
    },
  };
}

/** Without comments. */
export function logicalLines(text: string): readonly string[] {
  const lines: string[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    if (/^\s/.test(line) && lines.length > 0) lines[lines.length - 1] += ` ${line.trim()}`;
    else lines.push(line.trim());
  }
  return lines;
}

const mostNesting = 10;
const mostLength = 100_000;

/** Characters that may yet be looked at for one value. */
interface Budget {
  left: number;
}

/** A value that names itself, or grows without end, stays as it is. */
function expanded(
  text: string,
  parameters: ReadonlyMap<string, string>,
  budget: Budget,
  depth: number,
): string {
  budget.left -= text.length;
  if (depth > mostNesting || budget.left < 0 || !text.includes("$")) return text;
  return text.replace(
    /\$(?:\$|(\w+)|\(([^()]*)\)|\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\})/g,
    (whole, plain: string | undefined, round: string | undefined, curly: string | undefined) => {
      const inner = plain ?? round ?? curly;
      if (inner === undefined) return "$";
      const conditional = /^\s*(\w+)\s*([?:])\s*([^]*)$/.exec(inner);
      if (conditional !== null) return chosen(conditional, parameters, budget, depth);
      const value = parameters.get(inner.trim()) ?? defaultOf(inner.trim(), parameters);
      return value === undefined ? whole : expanded(value, parameters, budget, depth + 1);
    },
  );
}

/** `${name?if given}`, `${name:if not}`, `${name?{if given}:{if not}}`. */
function chosen(
  [, name = "", mark, rest = ""]: RegExpExecArray,
  parameters: ReadonlyMap<string, string>,
  budget: Budget,
  depth: number,
): string {
  const isGiven = (parameters.get(name) ?? "") !== "";
  const [, first, second] = /^\{([^{}]*)\}\s*(?::\s*\{([^{}]*)\})?$/.exec(rest) ?? [
    undefined,
    rest,
    undefined,
  ];
  const text = (mark === "?") === isGiven ? first : second;
  return expanded((text ?? "").trim(), parameters, budget, depth + 1);
}

function defaultOf(name: string, parameters: ReadonlyMap<string, string>): string | undefined {
  if (name !== "mydomain") return ownValue(defaults, name);
  const host = parameters.get("myhostname");
  return host?.includes(".") === true ? host.slice(host.indexOf(".") + 1) : "localdomain";
}
