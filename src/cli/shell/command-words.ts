/** What stands in a statement besides a command and its parameters. Pure. */
import type { Command, Statement } from "./cut-statements.ts";

/** What is pasted from an advice begins with the program: `weir Get-Queue`. */
export function withoutProgram(command: Command): Command {
  const at = command.findIndex(({ text }) => !/^(?:npx|sudo|weir|weir\.exe)$/i.test(text));
  return at > 0 && /^weir/i.test(command[at - 1]?.text ?? "") ? command.slice(at) : command;
}

/** `> FILE` and `>> FILE` are Out-File; what goes wrong goes to the terminal anyway. */
export function withRedirection(statement: Statement): Statement {
  const last = statement.at(-1) ?? [];
  const at = last.findIndex(({ text, quoted }) => !quoted && /^>>?$/.test(text));
  if (at < 0)
    return statement.map((command) =>
      command.filter(({ text, quoted }) => quoted || !/^[2-6*]>(?:&1|\$null)$/.test(text)),
    );
  const append = last[at]?.text === ">>" ? [{ text: "-Append", quoted: false }] : [];
  const outFile: Command = [{ text: "Out-File", quoted: false }, ...last.slice(at + 1), ...append];
  return [...statement.slice(0, -1), last.slice(0, at), outFile];
}

/** `(Get-Queue).Count` */
export interface Expression {
  readonly inner: string;
  /** Behind the dots. */
  readonly path: readonly string[];
}

/** Undefined: the word is none. `(Get-Date).AddHours(-1)` is an instant, which parameters read themselves. */
export function expressionOf(text: string): Expression | undefined {
  const found = /^\$?\(([^]*)\)((?:\.\w+)*)$/.exec(text);
  if (found === null || /^\s*Get-Date\b/i.test(found[1] ?? "")) return undefined;
  return { inner: found[1] ?? "", path: (found[2] ?? "").split(".").filter((name) => name !== "") };
}

/** What of PowerShell's language is not spoken here, and what serves instead. Undefined: it is a command. */
export function languageWord(command: Command): string | undefined {
  const [first, second] = command;
  if (first === undefined || first.quoted) return undefined;
  const { text } = first;
  if (/^\$[\w:]+(?:\.\w+)*$/.test(text) || second?.text === "=")
    return `this shell has no variables; write the command itself, in parentheses where its result is meant, as in (Get-Queue).Count, or join commands by |`;
  if (/^(?:foreach|for|while|do|if|switch|function|param|try|begin|process|filter|class)$/i.test(text))
    return `${text} is not spoken here; a command behind | is run for each object, as in Get-Queue | Retry-Queue, and lines of a file come by weir shell < FILE`;
  if (/^(?:&|\.|cd|ls|dir|pwd|sl|set-location|get-childitem)$/i.test(text) || /\.ps1$/i.test(text))
    return `${text} is not spoken here; this shell knows Weir's commands only, and exit leaves it`;
  if (text.startsWith("["))
    return `${text} is not spoken here; sizes are written 25MB, instants 2026-11-24T06:00`;
  return undefined;
}
